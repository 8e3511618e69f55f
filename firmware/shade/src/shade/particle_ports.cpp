#include "particle_ports.h"

#include <stdio.h>

#include "dct_hal.h"

namespace shade {

bool EepromStorage::read(int address, void* data, size_t size) {
  if (address < 0 || address + size > EEPROM.length()) return false;
  for (size_t i = 0; i < size; ++i) static_cast<uint8_t*>(data)[i] = EEPROM.read(address + static_cast<int>(i));
  return true;
}

bool EepromStorage::write(int address, const void* data, size_t size) {
  if (address < 0 || address + size > EEPROM.length()) return false;
  for (size_t i = 0; i < size; ++i) EEPROM.write(address + static_cast<int>(i), static_cast<const uint8_t*>(data)[i]);
  return true;
}

void StatusLed::show(bool lit) {
  if (!RGB.controlled()) RGB.control(true);
  int level = lit ? 255 : 0;
  RGB.color(level, level, level);
}

void UsbLinePort::write_line(const char* text) {
  if (WiFi.listening()) return;
  // One write, so that a line stays whole whatever the system does while a slow host is waited for.
  char line[kMaxLine + 3];
  int length = snprintf(line, sizeof line, "%.*s\r\n", kMaxLine, text);
  Serial.write(reinterpret_cast<const uint8_t*>(line), length);
}

void ParticleBoard::begin() {
  snprintf(id_, sizeof id_, "%s", System.deviceID().c_str());
  snprintf(os_, sizeof os_, "%s", System.version().c_str());
}

bool ParticleBoard::claimed() {
  char claimed = 0;
  return dct_read_app_data_copy(DCT_DEVICE_CLAIMED_OFFSET, &claimed, sizeof claimed) == 0 && claimed == '1';
}

void ParticleBoard::reset() {
  Serial.flush();
  System.reset();
}

}  // namespace shade
