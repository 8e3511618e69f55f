// The device of a trial: a Photon with nothing outside but what is wired to its pins and a script. All of it is in
// memory and decided by the script and the instructions executed, so that a trial can be repeated, and copied with its
// process at any instruction.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "board/emulated_eeprom.h"
#include "board/pins.h"
#include "debug/debug_port.h"
#include "system/application.h"
#include "system/device.h"
#include "trial/clock.h"
#include "worlds/wiring.h"

namespace vphoton::trial {

// What a loss of power leaves.
struct Kept {
  std::string eeprom = std::string(EmulatedEeprom::kKept, '\xFF');
  World world{};
};

// Thrown through the application: it starts anew.
struct Restart {
  ResetReason reason;
  uint32_t data;
};

// What the outside has seen of all starts so far, in order.
struct Seen {
  struct Event {
    int start;
    std::string name;
    std::string data;
  };
  struct Line {
    int start;
    std::string text;
  };
  std::vector<Event> published;
  std::vector<Line> console;  // lines on USB serial
};

// Every event is taken at once, as long as there is a connection.
class Cloud : public CloudLink {
 public:
  explicit Cloud(std::function<void(const PublishRequest&)> publish) : publish_(std::move(publish)) {}
  void connect() override { connected_ = true; }
  void disconnect() override { connected_ = false; }
  bool connected() const override { return connected_; }
  void subscriptions_changed() override {}
  bool publish(const PublishRequest& request, std::function<void(bool ok)> done) override;

 private:
  std::function<void(const PublishRequest&)> publish_;
  bool connected_ = true;
};

// A host that reads everything at once.
class Usb : public UsbSerialPort {
 public:
  explicit Usb(std::function<void(const std::string&)> line) : line_(std::move(line)) {}
  void say(const std::string& bytes) { received_ += bytes; }
  void begin(long) override {}
  void end() override { received_.clear(); }
  bool connected() override { return true; }
  int available() override { return static_cast<int>(received_.size()); }
  int read() override;
  int peek() override;
  size_t write(const uint8_t* data, size_t size) override;
  int available_for_write() override { return 128; }
  void flush() override {}

 private:
  std::function<void(const std::string&)> line_;
  std::string received_;
  std::string sent_;  // the line under way
};

class Board : public Device {
 public:
  // `wired_to` as --wired-to has it, or empty. All must outlive this.
  Board(Clock& clock, Kept& kept, Seen& seen, int start, const std::string& wired_to, const Restart& why,
        uint32_t random);

  // The application that runs, which asks for interrupts and timers; null: none.
  void runs(system::Application* application) { application_ = application; }
  debug::DebugPort& debug_port() { return debug_port_; }

  // What is due now happens: what the pins are wired to first, then timers of the application, unless it holds them
  // off.
  void take_due();
  // Time goes on to `us`, with all that becomes due on the way.
  void advance(uint64_t us);
  // The next event of what the pins are wired to comes now, if it is due within 10 ms.
  bool event_soon() const;
  void next_event();
  // The next timer of the application expires now.
  void next_timer() { timers_.expire_next(); }
  bool has_interrupts() const { return interrupts_ != 0; }
  bool has_timers() const { return timers_.next_due_us().has_value(); }

  Usb& usb() { return usb_; }
  Pins& pins() { return pins_; }
  // {"parts":…,"contradictions":n}, or null: nothing is connected.
  std::string truth() const;

  uint32_t millis() override { return static_cast<uint32_t>((clock_.us() - began_us_) / 1000); }
  uint32_t micros() override { return static_cast<uint32_t>(clock_.us() - began_us_); }
  void delay(uint32_t ms) override { advance(clock_.us() + uint64_t{ms} * 1000); }
  void delay_us(uint32_t us) override { clock_.set(clock_.us() + us); }
  Reactor::TimerId start_timer(uint32_t ms, std::function<void()> handler) override;
  void cancel_timer(Reactor::TimerId id) override { timers_.cancel(id); }
  void interlude() override { take_due(); }
  void rest(uint32_t ms) override { delay(ms); }
  void stand_by() override {}  // no debugger ever stops it
  void process() override { take_due(); }
  bool time_valid() override { return false; }
  void request_time() override {}
  bool time_requested() override { return false; }
  uint32_t time_synced_ms() override { return 0; }
  uint32_t unix_time() override { return 0; }
  void set_unix_time(uint32_t) override {}
  AppSurface& surface() override { return surface_; }
  CloudLink& cloud() override { return cloud_; }
  uint32_t random_number() override;
  std::string device_id() override { return "0123456789abcdef01234567"; }
  std::string system_version() override { return generation().version; }
  uint32_t system_version_number() override { return generation().version_number; }
  ResetReason reset_reason() override { return why_.reason; }
  uint32_t reset_reason_data() override { return why_.data; }
  [[noreturn]] void reset(ResetReason reason, uint32_t data) override;
  bool updates_forced() override { return false; }
  void sleep_wifi(uint32_t ms) override { delay(ms); }
  Wake sleep_until(const WakeSources& sources, uint32_t ms) override;
  [[noreturn]] void sleep_deep(uint32_t ms, bool wkp) override;
  int setup_button_ms() override { return 0; }
  void enable_feature(int) override {}
  void attach_retained_memory(void*, size_t) override {}
  int set_config(int, const std::string&) override { return 0; }
  void on_system_event(uint64_t events, std::function<void(uint64_t event, int param)> handler) override;
  bool updates_enabled() override { return updates_enabled_; }
  void set_updates_enabled(bool on) override { updates_enabled_ = on; }
  bool updates_pending() override { return false; }
  bool read_dct(size_t offset, void* data, size_t size) override;
  bool wifi_ready() override { return cloud_.connected(); }
  bool wifi_connecting() override { return false; }
  void wifi_connect() override {}
  void wifi_disconnect() override {}
  void wifi_power(bool) override {}
  const Wifi& wifi() override;
  std::vector<WifiNetwork> stored_networks() override { return {}; }
  bool listening() override { return false; }
  void listen(bool) override {}
  void set_listen_timeout(uint32_t) override {}
  uint32_t listen_timeout() override { return 0; }
  void select_antenna(bool) override {}
  bool has_credentials() override { return true; }
  bool set_credentials(const std::string&, const std::string&, int, int) override { return true; }
  bool clear_credentials() override { return true; }
  const Hosts* hosts() override { return nullptr; }
  std::string wifi_ssid() override { return "photonrig"; }
  int wifi_rssi() override { return -50; }
  std::array<uint8_t, 6> mac_address() override { return {0xE0, 0x4F, 0x43, 0x01, 0x02, 0x03}; }
  UsbSerialPort& usb_serial() override { return usb_; }
  Uart& uart() override { return uart_; }
  Spi& spi() override { return spi_; }
  I2c& i2c() override { return i2c_; }
  EmulatedEeprom& eeprom() override { return eeprom_; }
  void pin_mode(int pin, PinMode mode) override { pins_.set_mode(pin, mode); }
  PinMode pin_mode(int pin) override { return pins_.mode(pin); }
  void pin_write(int pin, int level) override { pins_.write(pin, level); }
  int pin_read(int pin) override { return pins_.read(pin); }
  int analog_read(int pin) override { return pins_.analog_read(pin); }
  void attach_interrupt(int pin, int mode, std::function<void()> handler) override;
  void led_control(bool) override {}
  void led_color(uint8_t, uint8_t, uint8_t) override {}
  void led_status(const void*, std::optional<LedStatusRecord>) override {}

 private:
  bool takes_interrupts() const;
  bool takes_timers() const;
  void fire(uint64_t event, int param);

  Clock& clock_;
  Kept& kept_;
  EmulatedEeprom eeprom_;
  const Restart why_;
  const uint64_t began_us_;
  uint32_t random_;
  Reactor hardware_;
  Reactor timers_;  // of the application
  debug::DebugPort debug_port_{hardware_, {}};
  Pins pins_;
  Uart uart_;
  Spi spi_;
  I2c i2c_;
  Cloud cloud_;
  Usb usb_;
  AppSurface surface_;
  std::unique_ptr<Wiring> wiring_;
  system::Application* application_ = nullptr;
  std::vector<std::pair<uint64_t, std::function<void(uint64_t, int)>>> event_handlers_;
  uint32_t interrupts_ = 0;  // a bit for each pin with a handler
  bool updates_enabled_ = true;
};

}  // namespace vphoton::trial
