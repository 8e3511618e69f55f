// All of the Wiring API. Firmware written in C++11 for the Photon compiles against it unchanged; a function that the
// virtual Photon does not model is not declared, so that its use fails to compile instead of failing silently.
#pragma once

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Modules are built with hidden visibility; what they take from the executable stays visible.
#pragma GCC visibility push(default)

#include "spark_wiring_cloud.h"
#include "spark_wiring_constants.h"
#include "spark_wiring_eeprom.h"
#include "spark_wiring_future.h"
#include "spark_wiring_gpio.h"
#include "spark_wiring_interrupts.h"
#include "spark_wiring_ipaddress.h"
#include "spark_wiring_led.h"
#include "spark_wiring_logging.h"
#include "spark_wiring_platform.h"
#include "spark_wiring_print.h"
#include "spark_wiring_printable.h"
#include "spark_wiring_random.h"
#include "spark_wiring_retained.h"
#include "spark_wiring_rgb.h"
#include "spark_wiring_shift.h"
#include "spark_wiring_startup.h"
#include "spark_wiring_stream.h"
#include "spark_wiring_string.h"
#include "spark_wiring_system.h"
#include "spark_wiring_ticks.h"
#include "spark_wiring_time.h"
#include "spark_wiring_timer.h"
#include "spark_wiring_usartserial.h"
#include "spark_wiring_usbserial.h"
#include "spark_wiring_version.h"
#include "spark_wiring_watchdog.h"
#include "spark_wiring_wifi.h"

#pragma GCC visibility pop

using namespace particle;

// The application.
extern "C" {
void setup();
void loop();
}
