// Servo.
#include "spark_wiring_servo.h"

#include "spark_wiring_constants.h"
#include "spark_wiring_gpio.h"

bool Servo::attach(uint16_t pin, uint16_t min_us, uint16_t max_us, int16_t min_angle, int16_t max_angle) {
  if (HAL_Validate_Pin_Function(pin, PF_TIMER) != PF_TIMER || max_us <= min_us || max_angle <= min_angle) return false;
  if (attached()) detach();
  pin_ = pin;
  min_us_ = min_us;
  max_us_ = max_us;
  min_angle_ = min_angle;
  max_angle_ = max_angle;
  HAL_Servo_Attach(pin);
  return true;
}

bool Servo::detach() {
  if (!attached()) return false;
  HAL_Servo_Detach(static_cast<uint16_t>(pin_));
  pin_ = -1;
  return true;
}

void Servo::write(int angle) {
  const bool is_pulse = angle >= min_us_ && angle > max_angle_;
  if (is_pulse) return writeMicroseconds(static_cast<uint16_t>(angle));
  const int held = constrain(angle, static_cast<int>(min_angle_), static_cast<int>(max_angle_));
  writeMicroseconds(static_cast<uint16_t>(map(held, min_angle_, max_angle_, min_us_, max_us_)));
}

void Servo::writeMicroseconds(uint16_t us) {
  if (!attached()) return;
  const int held = constrain(static_cast<int>(us), static_cast<int>(min_us_), static_cast<int>(max_us_));
  HAL_Servo_Write_Pulse_Width(static_cast<uint16_t>(pin_), static_cast<uint16_t>(held + trim_));
}

int Servo::read() const {
  // To the angle that was written, which the pulse has rounded.
  const int us = readMicroseconds(), span = max_us_ - min_us_, angles = max_angle_ - min_angle_;
  return attached() ? ((us - min_us_) * angles + span / 2) / span + min_angle_ : 0;
}

uint16_t Servo::readMicroseconds() const {
  if (!attached()) return 0;
  return static_cast<uint16_t>(HAL_Servo_Read_Pulse_Width(static_cast<uint16_t>(pin_)) - trim_);
}
