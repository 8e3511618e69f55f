// EEPROM.
#include "spark_wiring_eeprom.h"

EEPROMClass& __fetch_global_EEPROM() {
  static EEPROMClass eeprom;
  return eeprom;
}
