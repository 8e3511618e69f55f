// Table hal_i2c. As a master, Wire (D0, D1) reaches what is wired to it; the other buses have nothing on them. Nobody
// addresses the Photon as a slave.
#include <algorithm>
#include <string>
#include <utility>

#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kBuses = 3;
constexpr uint8_t kWire = 0;  // HAL_I2C_INTERFACE1
// Device OS, what Wire.endTransmission() returns: no device has acknowledged the address; the bus is not on.
constexpr uint8_t kNoAddress = 3, kNotEnabled = 7;
constexpr uint8_t kMaster = 0;
constexpr uint32_t kBuffer = 32;        // of applications that name none
constexpr uint32_t kMostBuffer = 8192;  // a choice
// struct hal_i2c_config_t and hal_i2c_transmission_config_t, abi/include/device_os/buses.h.
constexpr uint32_t kConfigReceive = 8, kConfigSend = 16;
constexpr uint32_t kTransmissionAddress = 4, kTransmissionQuantity = 8;

struct Bus {
  bool enabled = false;
  bool master = true;
  uint32_t most_received = kBuffer;
  uint32_t most_sent = kBuffer;
  uint8_t address = 0;
  std::string sending;
  std::string received;
  size_t at = 0;  // of what is received
};

struct Buses {
  Bus buses[kBuses];
  Bus unknown;
};

Bus& bus_of(Application& app, uint8_t bus) {
  auto& all = app.state<Buses>();
  return bus < kBuses ? all.buses[bus] : all.unknown;
}

int32_t init(Application& app, uint8_t bus, uint32_t config) {
  if (!config || app.get<uint16_t>(config) < kConfigSend + 4) return 0;
  bus_of(app, bus).most_received = std::min(app.get<uint32_t>(config + kConfigReceive), kMostBuffer);
  bus_of(app, bus).most_sent = std::min(app.get<uint32_t>(config + kConfigSend), kMostBuffer);
  return 0;
}
void begin(Application& app, uint8_t bus, uint8_t mode, uint8_t, uint32_t) {
  Bus& its = bus_of(app, bus);
  its.enabled = bus < kBuses;
  its.master = mode == kMaster;
  its.sending.clear();
  its.received.clear();
  its.at = 0;
}
void end(Application& app, uint8_t bus, uint32_t) { bus_of(app, bus).enabled = false; }
uint8_t reset(Application& app, uint8_t bus, uint32_t, uint32_t) {
  if (bus_of(app, bus).enabled) begin(app, bus, bus_of(app, bus).master ? kMaster : uint8_t{1}, 0, 0);
  return 0;
}
bool is_enabled(Application& app, uint8_t bus, uint32_t) { return bus_of(app, bus).enabled; }
void set(Application&, uint8_t, uint32_t, uint32_t) {}

void begin_transmission(Application& app, uint8_t bus, uint8_t address, uint32_t config) {
  Bus& its = bus_of(app, bus);
  its.address = config ? app.get<uint8_t>(config + kTransmissionAddress) : address;
  its.sending.clear();
}

uint32_t write(Application& app, uint8_t bus, uint8_t byte, uint32_t) {
  Bus& its = bus_of(app, bus);
  if (its.sending.size() >= its.most_sent) return 0;
  its.sending += static_cast<char>(byte);
  return 1;
}

uint8_t end_transmission(Application& app, uint8_t bus, uint8_t, uint32_t) {
  Bus& its = bus_of(app, bus);
  if (!its.enabled || !its.master) return kNotEnabled;
  const std::string bytes = std::exchange(its.sending, {});
  return bus == kWire && app.device().i2c().write(its.address, bytes) ? uint8_t{0} : kNoAddress;
}

uint32_t receive(Application& app, uint8_t bus, uint8_t address, uint32_t quantity) {
  Bus& its = bus_of(app, bus);
  its.received.clear();
  its.at = 0;
  if (!its.enabled || !its.master || bus != kWire || quantity == 0) return 0;
  auto bytes = app.device().i2c().read(address, std::min(quantity, its.most_received));
  its.received = bytes.value_or("");
  return static_cast<uint32_t>(its.received.size());
}

uint32_t request(Application& app, uint8_t bus, uint8_t address, uint8_t quantity, uint8_t, uint32_t) {
  return receive(app, bus, address, quantity);
}
int32_t request_ex(Application& app, uint8_t bus, uint32_t config, uint32_t) {
  const auto address = app.get<uint8_t>(config + kTransmissionAddress);
  return static_cast<int32_t>(receive(app, bus, address, app.get<uint32_t>(config + kTransmissionQuantity)));
}

int32_t available(Application& app, uint8_t bus, uint32_t) {
  const Bus& its = bus_of(app, bus);
  return static_cast<int32_t>(its.received.size() - its.at);
}
int32_t peek(Application& app, uint8_t bus, uint32_t) {
  const Bus& its = bus_of(app, bus);
  return its.at < its.received.size() ? static_cast<uint8_t>(its.received[its.at]) : -1;
}
int32_t read(Application& app, uint8_t bus, uint32_t) {
  const int32_t byte = peek(app, bus, 0);
  if (byte >= 0) ++bus_of(app, bus).at;
  return byte;
}
void flush(Application&, uint8_t, uint32_t) {}
int32_t lock(Application&, uint8_t, uint32_t) { return 0; }
void set_callback(Application&, uint8_t, uint32_t, uint32_t) {}

}  // namespace

SystemFunctions hal_i2c_functions() {
  return {
      serves<init>("hal_i2c_init"),
      serves<begin>("hal_i2c_begin"),
      serves<end>("hal_i2c_end"),
      serves<reset>("hal_i2c_reset"),
      serves<is_enabled>("hal_i2c_is_enabled"),
      serves<set>("hal_i2c_set_speed"),
      serves<set>("hal_i2c_enable_dma_mode"),
      serves<set>("hal_i2c_stretch_clock"),
      serves<begin_transmission>("hal_i2c_begin_transmission"),
      serves<end_transmission>("hal_i2c_end_transmission"),
      serves<request>("hal_i2c_request"),
      serves<request_ex>("hal_i2c_request_ex"),
      serves<write>("hal_i2c_write"),
      serves<available>("hal_i2c_available"),
      serves<read>("hal_i2c_read"),
      serves<peek>("hal_i2c_peek"),
      serves<flush>("hal_i2c_flush"),
      serves<lock>("hal_i2c_lock"),
      serves<lock>("hal_i2c_unlock"),
      serves<set_callback>("hal_i2c_set_callback_on_received"),
      serves<set_callback>("hal_i2c_set_callback_on_requested"),
  };
}

}  // namespace vphoton::system
