// Wire: I2C on D0 (SDA) and D1 (SCL).
#pragma once

#include <chrono>

#include "device_os/functions.h"
#include "spark_wiring_stream.h"

#define CLOCK_SPEED_100KHZ ((uint32_t)100000)
#define CLOCK_SPEED_400KHZ ((uint32_t)400000)
#define I2C_BUFFER_LENGTH ((uint8_t)32)

// What one transmission asks for: Wire.requestFrom(WireTransmission(0x40).quantity(2).stop(false)).
class WireTransmission {
 public:
  WireTransmission(uint8_t address) { config_.address = address; }
  WireTransmission& quantity(size_t bytes) {
    config_.quantity = static_cast<uint32_t>(bytes);
    return *this;
  }
  WireTransmission& timeout(system_tick_t ms) {
    config_.timeout_ms = ms;
    return *this;
  }
  WireTransmission& timeout(std::chrono::milliseconds ms) { return timeout(static_cast<system_tick_t>(ms.count())); }
  WireTransmission& stop(bool stop) {
    config_.flags = stop;
    return *this;
  }
  hal_i2c_transmission_config_t halConfig() const { return config_; }

 private:
  hal_i2c_transmission_config_t config_ = {
      sizeof(hal_i2c_transmission_config_t), 0, 0xFF, {}, 0, HAL_I2C_DEFAULT_TIMEOUT_MS, 1};
};

class TwoWire : public Stream {
 public:
  TwoWire(hal_i2c_interface_t i2c, const hal_i2c_config_t& config) : i2c_(i2c) { hal_i2c_init(i2c, &config); }

  void setSpeed(uint32_t hz) { hal_i2c_set_speed(i2c_, hz, nullptr); }  // before begin()
  void setClock(uint32_t hz) { setSpeed(hz); }
  void enableDMAMode(bool on) { hal_i2c_enable_dma_mode(i2c_, on, nullptr); }
  void stretchClock(bool on) { hal_i2c_stretch_clock(i2c_, on, nullptr); }
  void begin() { hal_i2c_begin(i2c_, I2C_MODE_MASTER, 0, nullptr); }
  void begin(uint8_t address) { hal_i2c_begin(i2c_, I2C_MODE_SLAVE, address, nullptr); }
  void begin(int address) { begin(static_cast<uint8_t>(address)); }
  void end() { hal_i2c_end(i2c_, nullptr); }
  bool isEnabled() { return hal_i2c_is_enabled(i2c_, nullptr); }
  void reset() { hal_i2c_reset(i2c_, 0, nullptr); }
  hal_i2c_interface_t interface() const { return i2c_; }

  void beginTransmission(uint8_t address) { hal_i2c_begin_transmission(i2c_, address, nullptr); }
  void beginTransmission(const WireTransmission& transmission) {
    const hal_i2c_transmission_config_t config = transmission.halConfig();
    hal_i2c_begin_transmission(i2c_, config.address, &config);
  }
  void beginTransmission(int address) { beginTransmission(static_cast<uint8_t>(address)); }
  // 0, or why not.
  uint8_t endTransmission() { return endTransmission(true); }
  uint8_t endTransmission(uint8_t stop) { return hal_i2c_end_transmission(i2c_, stop, nullptr); }
  // How many bytes came.
  size_t requestFrom(uint8_t address, size_t quantity) { return requestFrom(address, quantity, true); }
  size_t requestFrom(uint8_t address, size_t quantity, uint8_t stop) {
    return requestFrom(WireTransmission(address).quantity(quantity).stop(stop));
  }
  size_t requestFrom(const WireTransmission& transmission) {
    const hal_i2c_transmission_config_t config = transmission.halConfig();
    return static_cast<size_t>(hal_i2c_request_ex(i2c_, &config, nullptr));
  }

  size_t write(uint8_t data) override { return hal_i2c_write(i2c_, data, nullptr); }
  size_t write(const uint8_t* data, size_t size) override;
  size_t write(int data) { return write(static_cast<uint8_t>(data)); }
  size_t write(unsigned int data) { return write(static_cast<uint8_t>(data)); }
  size_t write(long data) { return write(static_cast<uint8_t>(data)); }
  size_t write(unsigned long data) { return write(static_cast<uint8_t>(data)); }
  using Print::write;
  int available() override { return hal_i2c_available(i2c_, nullptr); }
  int read() override { return hal_i2c_read(i2c_, nullptr); }
  int peek() override { return hal_i2c_peek(i2c_, nullptr); }
  void flush() override { hal_i2c_flush(i2c_, nullptr); }

  void onReceive(void (*handler)(int)) { hal_i2c_set_callback_on_received(i2c_, handler, nullptr); }
  void onRequest(void (*handler)()) { hal_i2c_set_callback_on_requested(i2c_, handler, nullptr); }

  bool lock() { return hal_i2c_lock(i2c_, nullptr) == 0; }
  bool unlock() { return hal_i2c_unlock(i2c_, nullptr) == 0; }

 private:
  const hal_i2c_interface_t i2c_;
};

// An application may define it to give Wire longer buffers.
hal_i2c_config_t acquireWireBuffer();

// There with its first use, also in constructors and STARTUP().
TwoWire& __fetch_global_Wire();
#define Wire __fetch_global_Wire()
