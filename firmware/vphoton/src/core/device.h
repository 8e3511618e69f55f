// The virtual Photon as the system's functions for the application see it: what Device OS keeps behind them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cloud/cloud_link.h"
#include "cloud/generation.h"
#include "core/app_surface.h"
#include "core/reactor.h"
#include "core/uart.h"
#include "core/wifi.h"

namespace vphoton {

// Device OS 2.3.1, reset reasons.
enum class ResetReason : int {
  None = 0,
  Unknown = 10,
  PinReset = 20,
  PowerManagement = 30,
  PowerDown = 40,
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

enum class PinMode : uint8_t { None, Input, Output, InputPullup, InputPulldown, AnalogOutput };
constexpr int kPinCount = 25;  // D0..D7, A0..A7, RX, TX and the Photon's extra pads, numbered as the Wiring API does

// What ended a sleep.
struct Wake {
  bool by_pin = false;
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

// USB serial as the firmware uses it. Bytes of the listening-mode console never reach the firmware.
class UsbSerialPort {
 public:
  virtual ~UsbSerialPort() = default;
  virtual void begin(long baud) = 0;
  virtual void end() = 0;
  virtual bool connected() = 0;  // a host has the port open
  virtual int available() = 0;
  virtual int read() = 0;  // -1 when empty
  virtual int peek() = 0;
  virtual size_t write(const uint8_t* data,
                       size_t size) = 0;  // blocks (pumping the system) while a host is slow; drops without host
  virtual void flush() = 0;
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
  virtual uint32_t free_memory() = 0;
  // Sleep. Wi-Fi off for `ms` while the application goes on; everything off until `pin` changes as `mode` says (as in
  // attach_interrupt()) or `ms` are over (0: no limit); everything off until WKP rises or `ms` are over, then a start.
  virtual void sleep_wifi(uint32_t ms) = 0;
  virtual Wake sleep_until(int pin, int mode, uint32_t ms) = 0;
  [[noreturn]] virtual void sleep_deep(uint32_t ms) = 0;
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
  virtual std::string wifi_ssid() = 0;
  virtual int wifi_rssi() = 0;
  virtual std::array<uint8_t, 6> mac_address() = 0;

  // Serial, EEPROM, pins.
  virtual UsbSerialPort& usb_serial() = 0;
  virtual Uart& uart() = 0;
  virtual uint8_t eeprom_read(int address) = 0;
  virtual void eeprom_write(int address, const uint8_t* data, size_t size) = 0;  // one durable write
  virtual void eeprom_clear() = 0;
  virtual size_t eeprom_length() = 0;  // 2048
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
