// The virtual Photon as the system's functions for the application see it: what Device OS keeps behind them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/reactor.h"
#include "board/emulated_eeprom.h"
#include "board/i2c.h"
#include "board/pin_mode.h"
#include "board/spi.h"
#include "board/uart.h"
#include "board/usb_port.h"
#include "faces/cloud/cloud_link.h"
#include "faces/cloud/generation.h"
#include "system/services/app_surface.h"
#include "system/services/hosts.h"
#include "system/services/wifi.h"

namespace vphoton {

// Device OS 2.3.1, reset reasons.
enum class ResetReason : int {
  None = 0,
  Unknown = 10,
  PinReset = 20,
  PowerManagement = 30,
  PowerDown = 40,
  PowerBrownout = 50,
  Watchdog = 60,
  Update = 70,
  UpdateError = 80,
  UpdateTimeout = 90,
  FactoryReset = 100,
  SafeMode = 110,
  DfuMode = 120,
  Panic = 130,
  User = 140,
};

// What may end a sleep. Modes of pins as in attach_interrupt(); levels 0 ... 4095.
struct WakePin {
  int pin;
  int mode;
};
struct WakeAnalog {
  enum When { kAbove, kBelow, kCross };
  int pin;
  int level;
  When when;
};
struct WakeSources {
  std::vector<WakePin> pins;
  std::vector<WakeAnalog> analogs;
  bool serial1 = false;  // a byte on it
};

// What ended a sleep.
struct Wake {
  enum class By { Time, Pin, Analog, Serial1 };
  By by = By::Time;
  int pin = 0xFFFF;
};

// A signal the application puts on the LED. Those of the system are between Normal and Important while it listens or
// takes an update, otherwise below everything.
enum class LedPattern { Solid, Blink, Breathe };
enum class LedPriority { Background, Normal, Important, Critical };
struct LedStatusRecord {
  uint32_t color;  // 0x00RRGGBB
  LedPattern pattern;
  int period_ms;
  LedPriority priority;
};

class Device {
 public:
  virtual ~Device() = default;

  // Time. delay() keeps cloud, serial and SoftAP running.
  virtual uint32_t millis() = 0;
  virtual uint32_t micros() = 0;
  virtual void delay(uint32_t ms) = 0;
  // A short wait in which nothing else happens.
  virtual void delay_us(uint32_t us);
  virtual Reactor::TimerId start_timer(uint32_t ms, std::function<void()> handler) = 0;
  virtual void cancel_timer(Reactor::TimerId id) = 0;
  // A round of the system while the application computes: its session with the cloud stands still unless the
  // application has a thread of its own.
  virtual void interlude() = 0;
  // A round of the system while all of the application waits, of at most so long.
  virtual void rest(uint32_t ms) = 0;
  // The same while a debugger has stopped the application: waits until there is something to do.
  virtual void stand_by() = 0;
  virtual void process() = 0;  // one non-blocking round of the system (Particle.process())
  virtual bool time_valid() = 0;
  virtual void request_time() = 0;
  virtual bool time_requested() = 0;      // and not answered yet
  virtual uint32_t time_synced_ms() = 0;  // when it was answered last; 0: never
  virtual uint32_t unix_time() = 0;
  virtual void set_unix_time(uint32_t t) = 0;

  // Cloud.
  virtual AppSurface& surface() = 0;
  virtual CloudLink& cloud() = 0;

  // System.
  virtual uint32_t random_number();
  virtual std::string device_id() = 0;       // 24 lower-case hex digits
  virtual std::string system_version() = 0;  // "2.3.1"
  virtual uint32_t system_version_number() = 0;
  virtual const cloud::Generation& generation() { return cloud::default_generation(); }
  virtual ResetReason reset_reason() = 0;
  virtual uint32_t reset_reason_data() = 0;
  [[noreturn]] virtual void reset(ResetReason reason, uint32_t data) = 0;  // what System.reset() and friends end in
  virtual bool updates_forced() = 0;
  // Sleep. Wi-Fi off for `ms` while the application goes on; everything off until one of the sources or until `ms` are
  // over (0: no limit); everything off until `ms` are over or, with `wkp`, WKP rises, then a start.
  virtual void sleep_wifi(uint32_t ms) = 0;
  virtual Wake sleep_until(const WakeSources& sources, uint32_t ms) = 0;
  [[noreturn]] virtual void sleep_deep(uint32_t ms, bool wkp) = 0;
  virtual int setup_button_ms() = 0;  // how long SETUP has been pressed; 0: it is not
  virtual void enable_feature(int feature) = 0;
  // What the firmware declares `retained`; it gets the values from before the reset.
  virtual void attach_retained_memory(void* begin, size_t size) = 0;
  virtual int set_config(int item, const std::string& value) = 0;  // SoftAP prefix, suffix, host names
  // handler(event bits, param, data): Wiring System.on(); events are the bits of facts on system events.
  virtual void on_system_event(uint64_t events, std::function<void(uint64_t event, int param)> handler) = 0;
  virtual bool updates_enabled() = 0;
  virtual void set_updates_enabled(bool on) = 0;
  virtual bool updates_pending() = 0;
  virtual bool read_dct(size_t offset, void* data, size_t size) = 0;  // false: beyond its end

  // Wi-Fi.
  virtual bool wifi_ready() = 0;
  virtual bool wifi_connecting() = 0;
  virtual void wifi_connect() = 0;
  virtual void wifi_disconnect() = 0;
  virtual void wifi_power(bool on) = 0;
  virtual const Wifi& wifi() = 0;
  virtual std::vector<WifiNetwork> stored_networks() = 0;
  virtual bool listening() = 0;
  virtual void listen(bool on) = 0;
  virtual void set_listen_timeout(uint32_t seconds) = 0;  // 0: none
  virtual uint32_t listen_timeout() = 0;
  virtual void select_antenna(bool external) = 0;
  virtual bool has_credentials() = 0;
  virtual bool set_credentials(const std::string& ssid, const std::string& password, int security, int cipher) = 0;
  virtual bool clear_credentials() = 0;
  // Whom the application may reach; null: nobody, not even on this host.
  virtual const Hosts* hosts() = 0;
  virtual std::string wifi_ssid() = 0;
  virtual int wifi_rssi() = 0;
  virtual std::array<uint8_t, 6> mac_address() = 0;

  // Serial, EEPROM, pins.
  virtual UsbSerialPort& usb_serial() = 0;
  virtual Uart& uart() = 0;
  virtual Spi& spi() = 0;
  virtual I2c& i2c() = 0;
  virtual EmulatedEeprom& eeprom() = 0;
  virtual void pin_mode(int pin, PinMode mode) = 0;
  virtual PinMode pin_mode(int pin) = 0;
  virtual void pin_write(int pin, int level) = 0;  // 0/1 digital; AnalogOutput: 0..255 duty
  virtual int pin_read(int pin) = 0;               // digital 0/1, analogue inputs 0..4095 by analog_read
  virtual int analog_read(int pin) = 0;
  // mode: 1 change, 2 rising, 3 falling. One handler per pin, null detaches.
  virtual void attach_interrupt(int pin, int mode, std::function<void()> handler) = 0;
  virtual void led_control(bool application) = 0;
  virtual void led_color(uint8_t r, uint8_t g, uint8_t b) = 0;
  // `owner` names the signal; of those of one priority the last one switched on is seen. No record: switched off.
  virtual void led_status(const void* owner, std::optional<LedStatusRecord> record) = 0;
};

}  // namespace vphoton
