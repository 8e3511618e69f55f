// Wire.
#include "spark_wiring_i2c.h"

namespace {

uint8_t received[I2C_BUFFER_LENGTH], sent[I2C_BUFFER_LENGTH];

}  // namespace

__attribute__((weak)) hal_i2c_config_t acquireWireBuffer() {
  return {sizeof(hal_i2c_config_t), 0, received, sizeof received, sent, sizeof sent};
}

TwoWire& __fetch_global_Wire() {
  static TwoWire wire(HAL_I2C_INTERFACE1, acquireWireBuffer());
  return wire;
}

size_t TwoWire::requestFrom(uint8_t address, size_t quantity, uint8_t stop) {
  hal_i2c_transmission_config_t wanted = {};
  wanted.size = sizeof wanted;
  wanted.address = address;
  wanted.quantity = quantity;
  wanted.timeout_ms = HAL_I2C_DEFAULT_TIMEOUT_MS;
  wanted.flags = stop ? 1 : 0;
  return static_cast<size_t>(hal_i2c_request_ex(i2c_, &wanted, nullptr));
}

size_t TwoWire::write(const uint8_t* data, size_t size) {
  for (size_t i = 0; i < size; ++i) write(data[i]);
  return size;
}
