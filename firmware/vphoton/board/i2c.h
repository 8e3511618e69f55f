// I2C as the firmware uses it as a master: what it writes to an address, and what it reads from one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace vphoton {

class I2c {
 public:
  // Nothing: no device has acknowledged the address.
  struct Device {
    std::function<bool(uint8_t address, const std::string& bytes)> write;
    std::function<std::optional<std::string>(uint8_t address, size_t size)> read;
  };

  // The firmware's side.
  bool write(uint8_t address, const std::string& bytes) { return device_.write && device_.write(address, bytes); }
  std::optional<std::string> read(uint8_t address, size_t size) {
    return device_.read ? device_.read(address, size) : std::nullopt;
  }

  // The other side; without one no address is acknowledged.
  void connect(Device device) { device_ = std::move(device); }

 private:
  Device device_;
};

}  // namespace vphoton
