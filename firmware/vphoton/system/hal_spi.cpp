// Table hal_spi: a bus to which nothing is connected. Transfers are not modelled.
#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kBuses = 2;

struct Buses {
  bool enabled[kBuses] = {};
};

void init(Application&, uint8_t) {}
void begin(Application& app, uint8_t bus, uint16_t) {
  if (bus < kBuses) app.state<Buses>().enabled[bus] = true;
}
void begin_ext(Application& app, uint8_t bus, uint8_t, uint16_t pin, uint32_t) { begin(app, bus, pin); }
void end(Application& app, uint8_t bus) {
  if (bus < kBuses) app.state<Buses>().enabled[bus] = false;
}
bool is_enabled(Application& app, uint8_t bus) { return bus < kBuses && app.state<Buses>().enabled[bus]; }

}  // namespace

SystemFunctions hal_spi_functions() {
  return {
      serves<init>("hal_spi_init"), serves<begin>("hal_spi_begin"),           serves<begin_ext>("hal_spi_begin_ext"),
      serves<end>("hal_spi_end"),   serves<is_enabled>("hal_spi_is_enabled"),
  };
}

}  // namespace vphoton::system
