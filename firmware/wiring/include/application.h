// All of the Wiring API, compiled into the user part: what is here works on every Photon with Device OS 2.3.1. What
// Particle's Wiring has beyond it is not declared.
#pragma once

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <chrono>

#include "debug_output_handler.h"
#include "spark_wiring.h"
#include "spark_wiring_arduino.h"
#include "spark_wiring_can.h"
#include "spark_wiring_character.h"
#include "spark_wiring_cloud.h"
#include "spark_wiring_constants.h"
#include "spark_wiring_eeprom.h"
#include "spark_wiring_error.h"
#include "spark_wiring_future.h"
#include "spark_wiring_gpio.h"
#include "spark_wiring_i2c.h"
#include "spark_wiring_interrupts.h"
#include "spark_wiring_ipaddress.h"
#include "spark_wiring_json.h"
#include "spark_wiring_led.h"
#include "spark_wiring_logging.h"
#include "spark_wiring_network.h"
#include "spark_wiring_platform.h"
#include "spark_wiring_print.h"
#include "spark_wiring_printable.h"
#include "spark_wiring_random.h"
#include "spark_wiring_retained.h"
#include "spark_wiring_rgb.h"
#include "spark_wiring_servo.h"
#include "spark_wiring_shift.h"
#include "spark_wiring_spi.h"
#include "spark_wiring_startup.h"
#include "spark_wiring_stream.h"
#include "spark_wiring_string.h"
#include "spark_wiring_system.h"
#include "spark_wiring_tcpclient.h"
#include "spark_wiring_tcpserver.h"
#include "spark_wiring_thread.h"
#include "spark_wiring_ticks.h"
#include "spark_wiring_time.h"
#include "spark_wiring_timer.h"
#include "spark_wiring_udp.h"
#include "spark_wiring_usartserial.h"
#include "spark_wiring_usbserial.h"
#include "spark_wiring_vector.h"
#include "spark_wiring_version.h"
#include "spark_wiring_watchdog.h"
#include "spark_wiring_wifi.h"
#include "string_convert.h"
#include "system_sleep_configuration.h"

using namespace spark;
using namespace particle;
using namespace std::literals::chrono_literals;

// The application.
void setup();
void loop();
