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

size_t TwoWire::write(const uint8_t* data, size_t size) {
  for (size_t i = 0; i < size; ++i) write(data[i]);
  return size;
}
