// Table hal_i2c: a bus to which nothing is connected.
#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kBuses = 3;
constexpr uint8_t kNotAcknowledged = 2;  // of the address; a choice

struct Buses {
  bool enabled[kBuses] = {};
};

void set_enabled(Application& app, uint8_t bus, bool on) {
  if (bus < kBuses) app.state<Buses>().enabled[bus] = on;
}

int32_t init(Application&, uint8_t, uint32_t) { return 0; }
void begin(Application& app, uint8_t bus, uint8_t, uint8_t, uint32_t) { set_enabled(app, bus, true); }
void end(Application& app, uint8_t bus, uint32_t) { set_enabled(app, bus, false); }
bool is_enabled(Application& app, uint8_t bus, uint32_t) { return bus < kBuses && app.state<Buses>().enabled[bus]; }
void set(Application&, uint8_t, uint32_t, uint32_t) {}
void begin_transmission(Application&, uint8_t, uint8_t, uint32_t) {}
uint8_t end_transmission(Application&, uint8_t, uint8_t, uint32_t) { return kNotAcknowledged; }
uint32_t request(Application&, uint8_t, uint8_t, uint8_t, uint8_t, uint32_t) { return 0; }
int32_t request_ex(Application&, uint8_t, uint32_t, uint32_t) { return 0; }
uint32_t write(Application&, uint8_t, uint8_t, uint32_t) { return 1; }
int32_t available(Application&, uint8_t, uint32_t) { return 0; }
int32_t read(Application&, uint8_t, uint32_t) { return -1; }
void flush(Application&, uint8_t, uint32_t) {}
int32_t lock(Application&, uint8_t, uint32_t) { return 0; }

}  // namespace

SystemFunctions hal_i2c_functions() {
  return {
      serves<init>("hal_i2c_init"),
      serves<begin>("hal_i2c_begin"),
      serves<end>("hal_i2c_end"),
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
      serves<read>("hal_i2c_peek"),
      serves<flush>("hal_i2c_flush"),
      serves<lock>("hal_i2c_lock"),
      serves<lock>("hal_i2c_unlock"),
  };
}

}  // namespace vphoton::system
