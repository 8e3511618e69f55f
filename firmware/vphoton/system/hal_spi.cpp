// Table hal_spi. As a master it reaches what is wired to SPI (A3 ... A5); SPI1 (D2 ... D4) has nothing at its other
// end. What is read from that is all ones: a choice, as of a line that is pulled
// up.
#include <algorithm>
#include <string>
#include <utility>

#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kBuses = 2;
constexpr uint8_t kSpi = 0;          // HAL_SPI_INTERFACE1, the bus with an other end
constexpr uint8_t kDividerStep = 8;  // SPI_CLOCK_DIV2 is 0, each doubling 8 more
constexpr uint8_t kNothing = 0xFF;
constexpr uint32_t kClockHz[kBuses] = {60000000, 30000000};  // Device OS 2.3.1: of the peripherals' buses
// struct hal_spi_info_t, abi/include/device_os/buses.h.
constexpr uint32_t kInfoClock = 4, kInfoDefault = 8, kInfoEnabled = 9, kInfoMode = 10, kInfoBusClock = 12,
                   kInfoBitOrder = 16, kInfoDataMode = 17;
// struct hal_spi_transfer_status_t.
constexpr uint32_t kStatusConfigured = 4, kStatusTransferred = 8, kStatusFlags = 12;

struct Bus {
  bool enabled = false;
  uint8_t mode = 0;
  bool default_settings = true;
  uint8_t divider = 0;  // Wiring's
  uint8_t bit_order = 1;
  uint8_t data_mode = 3;
  uint32_t transferred = 0;
};

struct Buses {
  Bus buses[kBuses];
  Bus unknown;
  Spi* spi = nullptr;  // with a transfer of this application's, once there was one

  ~Buses() {
    if (spi) spi->cancel();
  }
};

Bus& bus_of(Application& app, uint8_t bus) {
  auto& all = app.state<Buses>();
  return bus < kBuses ? all.buses[bus] : all.unknown;
}

void init(Application&, uint8_t) {}
void begin_ext(Application& app, uint8_t bus, uint8_t mode, uint16_t, uint32_t) {
  bus_of(app, bus).enabled = bus < kBuses;
  bus_of(app, bus).mode = mode;
  if (bus == kSpi) app.device().spi().begin();
}
void begin(Application& app, uint8_t bus, uint16_t pin) { begin_ext(app, bus, 0, pin, 0); }
void end(Application& app, uint8_t bus) {
  bus_of(app, bus).enabled = false;
  if (bus == kSpi) app.device().spi().end();
}
bool is_enabled(Application& app, uint8_t bus) { return bus_of(app, bus).enabled; }

void set_bit_order(Application& app, uint8_t bus, uint8_t order) {
  bus_of(app, bus).bit_order = order;
  bus_of(app, bus).default_settings = false;
}
void set_data_mode(Application& app, uint8_t bus, uint8_t mode) {
  bus_of(app, bus).data_mode = mode;
  bus_of(app, bus).default_settings = false;
}
// What the bus's clock is divided by; the default is a choice of Device OS's.
uint32_t divider_of(const Bus& bus) { return bus.default_settings ? 4 : 2u << (bus.divider / kDividerStep & 7); }

void follow(Application& app, uint8_t bus) {
  if (bus == kSpi) app.device().spi().divide_by(divider_of(bus_of(app, bus)));
}

void set_divider(Application& app, uint8_t bus, uint8_t divider) {
  bus_of(app, bus).divider = divider;
  bus_of(app, bus).default_settings = false;
  follow(app, bus);
}
int32_t set_settings(Application& app, uint8_t bus, uint8_t to_default, uint8_t divider, uint8_t order, uint8_t mode,
                     uint32_t) {
  Bus& its = bus_of(app, bus);
  its.default_settings = to_default != 0;
  if (!its.default_settings) {
    its.divider = divider;
    its.bit_order = order;
    its.data_mode = mode;
  }
  follow(app, bus);
  return 0;
}

void info(Application& app, uint8_t bus, uint32_t to, uint32_t) {
  const Bus& its = bus_of(app, bus);
  const uint32_t clock = kClockHz[std::min<uint8_t>(bus, kBuses - 1)];
  app.put<uint32_t>(to + kInfoClock, clock);
  if (app.get<uint16_t>(to) < 11) return;
  app.put<uint8_t>(to + kInfoDefault, its.default_settings);
  app.put<uint8_t>(to + kInfoEnabled, its.enabled);
  app.put<uint8_t>(to + kInfoMode, its.mode);
  app.put<uint32_t>(to + kInfoBusClock, clock / divider_of(its));
  app.put<uint8_t>(to + kInfoBitOrder, its.bit_order);
  app.put<uint8_t>(to + kInfoDataMode, its.data_mode);
}

uint16_t transfer(Application& app, uint8_t bus, uint16_t byte) {
  return bus == kSpi ? app.device().spi().transfer(static_cast<uint8_t>(byte)) : kNothing;
}

void transfer_dma(Application& app, uint8_t bus, uint32_t from, uint32_t to, uint32_t size, uint32_t done) {
  if (from) app.bytes(from, size);
  if (to) app.writable(to, size);
  if (bus != kSpi) {  // over at once; who asked to be told is told in the event loop's next round
    if (to) std::fill_n(app.writable(to, size), size, kNothing);
    bus_of(app, bus).transferred = size;
    if (done) app.device().start_timer(0, [&app, done] { app.when_released([&app, done] { app.call(done, {}); }); });
    return;
  }
  if (size == 0) return;
  std::string sent(size, static_cast<char>(kNothing));
  if (from) sent.assign(reinterpret_cast<const char*>(app.bytes(from, size)), size);
  Spi& spi = app.device().spi();
  app.state<Buses>().spi = &spi;
  bus_of(app, bus).transferred = 0;
  spi.transfer(std::move(sent), [&app, bus, to, size, done](const std::string& received) {
    if (to) app.write(to, received);
    bus_of(app, bus).transferred = size;
    if (done) app.interrupt(done, 0);
  });
  // Wiring waits for the end of one that tells nobody; the system goes on meanwhile.
  while (!done && spi.busy()) app.device().delay(1);
}

void cancel(Application& app, uint8_t bus) {
  if (bus == kSpi) app.device().spi().cancel();
}

int32_t status(Application& app, uint8_t bus, uint32_t to) {
  const uint32_t transferred = bus_of(app, bus).transferred;
  if (to) {
    app.put<uint32_t>(to + kStatusConfigured, transferred);
    app.put<uint32_t>(to + kStatusTransferred, transferred);
    app.put<uint8_t>(to + kStatusFlags, uint8_t{0});
  }
  return static_cast<int32_t>(transferred);
}

void no_select(Application&, uint8_t, uint32_t, uint32_t) {}  // nobody selects it as a slave

}  // namespace

SystemFunctions hal_spi_functions() {
  return {
      serves<init>("hal_spi_init"),
      serves<begin>("hal_spi_begin"),
      serves<begin_ext>("hal_spi_begin_ext"),
      serves<end>("hal_spi_end"),
      serves<is_enabled>("hal_spi_is_enabled"),
      serves<set_bit_order>("hal_spi_set_bit_order"),
      serves<set_data_mode>("hal_spi_set_data_mode"),
      serves<set_divider>("hal_spi_set_clock_divider"),
      serves<set_settings>("hal_spi_set_settings"),
      serves<info>("hal_spi_info"),
      serves<transfer>("hal_spi_transfer"),
      serves<transfer_dma>("hal_spi_transfer_dma"),
      serves<cancel>("hal_spi_transfer_dma_cancel"),
      serves<status>("hal_spi_transfer_dma_status"),
      serves<no_select>("hal_spi_set_callback_on_selected"),
  };
}

}  // namespace vphoton::system
