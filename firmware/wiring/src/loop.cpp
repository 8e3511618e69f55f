// What Wiring does behind each loop() of the application.
#include "spark_wiring_usartserial.h"
#include "spark_wiring_usbserial.h"
#include "spark_wiring_watchdog.h"
#include "user_part.h"

// An application's own, called while there is something to read.
__attribute__((weak)) void serialEvent();
__attribute__((weak)) void serialEvent1();

// An application may have its own.
__attribute__((weak)) void serialEventRun() {
  if (serialEvent && Serial.available() > 0) serialEvent();
  if (serialEvent1 && Serial1.available() > 0) serialEvent1();
  if (serialEventRun2) serialEventRun2();
}

void user_part::after_loop() {
  serialEventRun();
  application_checkin();
}
