// A hobby servo on a pin with PWM, 50 pulses a second.
#pragma once

#include "device_os/functions.h"

class Servo {
 public:
  Servo() = default;

  // Pulses in microseconds and the angles they stand for. False: not on this pin, or with these limits.
  bool attach(uint16_t pin, uint16_t min_us = 544, uint16_t max_us = 2400, int16_t min_angle = 0,
              int16_t max_angle = 180);
  bool detach();
  bool attached() const { return pin_ >= 0; }
  int attachedPin() const { return pin_; }

  void write(int angle);  // in degrees, or, beyond all angles, in microseconds
  int read() const;
  void writeMicroseconds(uint16_t us);
  uint16_t readMicroseconds() const;
  void setTrim(int us) { trim_ = us; }  // added to each pulse

 private:
  int pin_ = -1;
  uint16_t min_us_ = 544;
  uint16_t max_us_ = 2400;
  int16_t min_angle_ = 0;
  int16_t max_angle_ = 180;
  int trim_ = 0;
};
