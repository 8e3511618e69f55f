// A virtual Photon: the system that Device OS is on a real one. Owns every part and decides between them.
//
// Its outside faces are separate interfaces: Device for the firmware, CloudHost for the cloud session, SetupHost for
// SoftAP and setup console; each is implemented in a photon_*.cpp of its own. One thread does everything: the
// application's setup() and loop() run between rounds of the reactor.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/reactor.h"
#include "board/flash_device.h"
#include "board/i2c.h"
#include "board/peripherals.h"
#include "board/pin_recorder.h"
#include "board/pins.h"
#include "board/retained_memory.h"
#include "board/state_folder.h"
#include "board/usb_serial.h"
#include "control/control_socket.h"
#include "debug/debug_port.h"
#include "device/housing.h"
#include "device/loop_pace.h"
#include "device/options.h"
#include "device/resume.h"
#include "faces/cloud/cloud_host.h"
#include "faces/cloud/cloud_link.h"
#include "faces/console/setup_console.h"
#include "faces/softap/http_service.h"
#include "faces/softap/port.h"
#include "faces/softap/tcp_service.h"
#include "system/device.h"
#include "system/services/boot_choice.h"
#include "system/services/setup_host.h"
#include "system/services/wifi.h"
#include "system/stored/dct.h"
#include "system/stored/enterprise_credentials.h"
#include "system/stored/module_image.h"
#include "system/stored/ota_store.h"
#include "system/stored/user_part.h"
#include "system/stored/wifi_credentials.h"
#include "worlds/wiring.h"

namespace vphoton {

namespace system {
class Instruments;
}

class Photon : public Device, public CloudHost, public SetupHost {
 public:
  // The housing must outlive it.
  Photon(Options options, std::optional<Resume> resume, Housing& housing);
  ~Photon() override;

  // From power to the first round. Empty return: up; otherwise what went wrong.
  std::string boot();
  // The ready line on stdout; only once in the life of the process, so not after a reset. It does not wait for
  // constructors of the application that take long.
  void announce();
  Pins& pins() { return pins_; }
  // What the pins are connected to, or null.
  Wiring* wiring() { return wiring_.get(); }
  // Until the power goes or the device resets.
  [[noreturn]] void run();
  // Something that comes from outside, in the next round.
  void post(std::function<void()> action) { reactor_.after(0, std::move(action)); }
  // A request of the control socket, and its answer.
  std::string control(const JsonValue& request);
  // Takes leave of the cloud, then the power goes.
  [[noreturn]] void switch_off();
  bool connected() const { return cloud_state_ == CloudState::Connected; }
  // Whether it does what it can do without a hand from outside: it is online, or waits for one.
  bool settled() const { return connected() || listening_ || dfu_ || asleep_ || held(); }

  // Device
  uint32_t millis() override;
  uint32_t micros() override;
  void delay(uint32_t ms) override;
  Reactor::TimerId start_timer(uint32_t ms, std::function<void()> handler) override;
  void cancel_timer(Reactor::TimerId id) override { reactor_.cancel(id); }
  void interlude() override { round_without_application(0); }
  void rest(uint32_t ms) override { reactor_.run_once(static_cast<int>(ms)); }
  void stand_by() override { round_without_application(-1); }
  void process() override;
  bool time_valid() override { return time_valid_; }
  void request_time() override;
  bool time_requested() override { return time_requested_; }
  uint32_t time_synced_ms() override { return time_synced_ms_; }
  uint32_t unix_time() override;
  void set_unix_time(uint32_t t) override;
  AppSurface& surface() override { return surface_; }
  CloudLink& cloud() override { return cloud_; }
  std::string device_id() override;
  std::string system_version() override { return generation().version; }
  uint32_t system_version_number() override { return generation().version_number; }
  ResetReason reset_reason() override { return reset_reason_; }
  uint32_t reset_reason_data() override { return reset_data_; }
  [[noreturn]] void reset(ResetReason reason, uint32_t data) override;
  void enable_feature(int feature) override;
  void attach_retained_memory(void* begin, size_t size) override;
  int setup_button_ms() override;
  void sleep_wifi(uint32_t ms) override;
  Wake sleep_until(const WakeSources& sources, uint32_t ms) override;
  [[noreturn]] void sleep_deep(uint32_t ms, bool wkp) override;
  int set_config(int item, const std::string& value) override;
  void on_system_event(uint64_t events, std::function<void(uint64_t event, int param)> handler) override;
  bool updates_enabled() override { return updates_enabled_; }
  void set_updates_enabled(bool on) override;
  bool updates_pending() override { return updates_pending_; }
  bool claimed() override { return dct_->claimed(); }
  bool read_dct(size_t offset, void* data, size_t size) override;
  bool wifi_ready() override { return wifi_->state() == Wifi::State::Up; }
  bool wifi_connecting() override { return wifi_->state() == Wifi::State::Connecting; }
  void wifi_connect() override;
  void wifi_disconnect() override { wifi_->disconnect(); }
  void wifi_power(bool on) override;
  const Wifi& wifi() override { return *wifi_; }
  std::vector<WifiNetwork> stored_networks() override { return credentials_->list(); }
  bool listening() override { return listening_; }
  void listen(bool on) override;
  void set_listen_timeout(uint32_t seconds) override;
  uint32_t listen_timeout() override { return listen_timeout_s_; }
  bool has_credentials() override { return !credentials_->empty(); }
  bool set_credentials(const std::string& ssid, const std::string& password, int security, int cipher) override;
  bool clear_credentials() override;
  const Hosts* hosts() override { return &options_.hosts; }
  std::string wifi_ssid() override;
  int wifi_rssi() override;
  std::array<uint8_t, 6> mac_address() override;
  UsbSerialPort& usb_serial() override { return serial_; }
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
  void led_control(bool application) override { led_by_application_ = application; }
  void led_color(uint8_t r, uint8_t g, uint8_t b) override { led_color_ = {r, g, b}; }
  void led_status(const void* owner, std::optional<LedStatusRecord> record) override;

  // CloudHost
  const cloud::Generation& generation() override { return *options_.device_os; }
  CloudIdentity cloud_identity() override;
  bool may_connect() override { return housing_.may_connect(); }
  uint16_t product_id() override { return user_image_ ? user_image_->product_id : 0xFFFF; }
  uint16_t product_version() override { return user_image_ ? user_image_->product_version : 0xFFFF; }
  const AppSurface& app_surface() override { return surface_; }
  bool application_stopped() override { return debug_port_.debugger().stopped(); }
  bool safe_mode() override { return safe_mode_; }
  std::string system_describe() override { return describe_; }
  std::vector<Vital> vitals() override;
  std::string claim_code() override { return dct_->claim_code(); }
  bool claim_code_erased() override { return dct_->byte(dct::kClaimCode) == 0xFF; }
  uint32_t key_errors() override { return key_errors_; }
  void claim_confirmed() override;
  std::string last_reset() override;
  bool last_update_succeeded() override { return ota_->succeeded(); }
  void hello_acknowledged() override { ota_->forget_success(); }
  bool updates_forced() override { return updates_forced_; }
  void set_updates_forced(bool on) override { updates_forced_ = on; }
  void set_updates_pending(bool on) override;
  void set_time(uint32_t unix_seconds) override;
  void signal(bool on) override { signaling_ = on; }
  void reset_requested(ResetRequest what) override;
  void server_key_restore_requested() override;
  void cloud_state_changed(CloudState state) override;
  void cloud_error(CloudError why) override;
  int ota_begin(uint32_t length) override;
  int ota_write(uint32_t offset, const uint8_t* data, size_t size) override;
  int ota_validate() override;
  void ota_apply() override;
  void ota_abort() override;

  // SetupHost
  std::string serial_number() override;
  std::string device_secret() override;
  std::string mac_address_text() override;
  bool store_claim_code(const std::string& code) override { return dct_->set_claim_code(code); }
  ApplicationPage application_page() override;
  std::string public_key_field() override;
  std::string private_key_field() override { return dct_->private_key(); }
  std::vector<AccessPoint> scan() override { return wifi_->scan(); }
  int store_network(const std::string& ssid, const std::string& password, uint32_t security,
                    const EapConfig& enterprise) override;
  void select_antenna(bool external) override;
  bool connect_answer_lost() override { return std::exchange(lose_connect_answer_, false); }
  void finish_setup() override;
  void restart_listening() override;
  std::string diagnostics() override;
  void ota_dropped() override;

 private:
  // photon_boot.cpp
  std::string provision();
  std::string provision_unit();
  std::string choose_device_os();
  std::string install_firmware();
  std::string install_factory_firmware();
  std::string ensure_identity();
  std::string open_faces();
  bool start_softap();
  void run_bootloader();
  void restore_factory_image(const char* why);
  void panic_over();
  std::string why_user_part_not_runnable();
  std::string connect_world();
  std::string connect_peripherals();
  void load_user_part();

  // photon.cpp
  void start_system();
  void run_application();
  void round_without_application(int max_wait_ms);
  bool application_may_start() const;
  bool application_may_loop() const;
  int wait_ms() const;
  int own_wait_ms() const;
  // Since the reset.
  uint64_t uptime_us() const { return reactor_.now_us() - began_us_; }
  uint64_t uptime_ms() const { return uptime_us() / 1000; }
  LoopPace::Counts counts() const { return {reactor_.rounds(), reactor_.handled(), pins_.changes()}; }
  // Bytes of the application's heap; without one, of what it would have.
  uint32_t free_memory() const;
  uint32_t total_memory() const;
  void fire(uint64_t event, int param);
  Resume resume_record() const;
  void enter_listening();
  void leave_listening();
  void wifi_changed();
  void join_failed();

  // photon_setup.cpp
  void line_coding_set(uint32_t speed);
  size_t feed_console(const std::string& data);
  void expect_silence();

  // photon_control.cpp
  std::string status();
  std::string faces();
  std::string world(const JsonValue& request);
  std::string peripherals(const JsonValue& request);
  const char* mode_name() const;

  // photon_buttons.cpp
  std::string control_setup_button(const JsonValue& request);
  std::string control_reset(const JsonValue& request);
  std::string control_end_sos();
  void restart_with_setup_held(int ms);
  void press_setup_button();
  void setup_button_held(int ms);
  void release_setup_button(int held_ms);
  bool wait_for_buttons();
  bool held() const { return in_reset_ || in_bootloader_; }

  // photon_debug.cpp
  std::string control_debug(const JsonValue& request);
  std::string why_not_debugged() const;
  std::string user_part_crc() const;

  // photon_sleep.cpp
  void go_quiet();
  Wake wait_asleep(const WakeSources& sources, uint32_t ms);

  // photon_led.cpp
  std::string led() const;
  std::string led_of_bootloader() const;
  const LedStatusRecord* most_important_led_status() const;
  std::string shown(const LedStatusRecord& status) const;

  // photon_usb.cpp
  std::optional<std::string> usb(const std::string& what, const JsonValue& request);
  std::string usb_in_dfu_mode(const std::string& what, const JsonValue& request);
  std::string update_firmware(const std::string& what, const JsonValue& request);

  // photon_faults.cpp
  std::string fault(const JsonValue& request);
  std::string faults() const;
  void block_loop();
  void stand_still(uint32_t ms);
  void erase_page_of_eeprom(uint32_t ms);

  Options options_;
  std::optional<Resume> resume_;
  Housing& housing_;
  Reactor reactor_;

  StateFolder folder_;
  std::unique_ptr<FlashDevice> flash_;
  EmulatedEeprom eeprom_;
  uint64_t erasures_in_motion_ = 0;
  std::unique_ptr<Dct> dct_;
  std::unique_ptr<WifiCredentials> credentials_;
  std::unique_ptr<EnterpriseCredentials> enterprise_;
  std::unique_ptr<OtaStore> ota_;
  std::unique_ptr<Wifi> wifi_;
  UsbSerial serial_;
  Uart uart_;
  Spi spi_;
  I2c i2c_;
  SetupConsole console_;
  Port tcp_port_;
  Port http_port_;
  TcpService tcp_service_;
  HttpService http_service_;
  ControlSocket control_;
  debug::DebugPort debug_port_;
  Pins pins_;
  std::unique_ptr<Wiring> wiring_;  // null: nothing is connected
  Peripherals peripherals_;
  AppSurface surface_;
  CloudLink cloud_;
  CloudState cloud_state_ = CloudState::Disconnected;

  std::string id_;                                    // 12 bytes
  std::optional<ModuleImage> user_image_;             // what is in the user part's flash, without its bytes
  std::unique_ptr<PinRecorder> recorder_;             // null: nothing is recorded
  std::unique_ptr<system::Instruments> instruments_;  // null: memory is not checked
  std::unique_ptr<UserPart> user_part_;
  std::unique_ptr<UserPart> refused_user_part_;  // it chose safe mode; what it has registered is not called, but stays
  std::string describe_;
  uint32_t key_errors_ = 0;
  SystemMode mode_ = SystemMode::Automatic;
  bool safe_mode_ = false;
  std::string safe_mode_reason_;
  bool dfu_ = false;
  BootChoice boot_choice_ = BootChoice::Normal;
  bool announced_ = false;
  bool panicking_ = false;  // SOS on the LED; the start comes after it
  Reactor::TimerId panic_timer_ = 0;
  uint64_t began_us_ = 0;  // by the reactor: the reset, which comes after the SOS of a panic
  RetainedMemory retained_;
  int setup_hold_after_reset_ms_ = 0;
  bool in_reset_ = false;       // RESET is held
  bool in_bootloader_ = false;  // SETUP is held since RESET was let go
  bool reset_pressed_ = false;  // from the reset that comes
  bool setup_begun_ = false;
  bool setup_done_ = false;
  bool was_connected_ = false;
  LoopPace pace_;
  bool lose_connect_answer_ = false;  // of the next connect-ap
  uint32_t block_loop_ms_ = 0;        // how long the next loop() takes

  ResetReason reset_reason_ = ResetReason::PowerDown;
  uint32_t reset_data_ = 0;
  bool listening_ = false;
  uint32_t listen_timeout_s_ = 0;
  Reactor::TimerId listen_timeout_ = 0;
  bool asleep_ = false;  // the processor, and with it all but the control socket
  bool wifi_on_ = false;
  std::optional<uint64_t> setup_pressed_ms_;  // when
  bool pressed_while_listening_ = false;
  std::vector<Reactor::TimerId> hold_timers_;
  bool credentials_changed_ = false;  // in this listening session, and not proven yet
  Reactor::TimerId listening_timer_ = 0;
  Reactor::TimerId silence_timer_ = 0;
  bool listen_after_reset_ = false;
  bool updates_enabled_ = true;
  bool updates_forced_ = false;
  bool updates_pending_ = false;
  bool updating_ = false;
  uint32_t usb_update_at_ = 0;  // bytes of the update that came over USB
  bool time_valid_ = false;
  bool time_requested_ = false;
  uint32_t time_synced_ms_ = 0;
  int64_t time_offset_ms_ = 0;  // Unix time minus reactor time
  bool signaling_ = false;
  bool led_by_application_ = false;
  std::array<uint8_t, 3> led_color_{};
  std::vector<LedStatusRecord> led_statuses_;  // in the order they were switched on
  std::vector<const void*> led_owners_;        // of each of them
  std::vector<std::pair<uint64_t, std::function<void(uint64_t, int)>>> event_handlers_;
};

}  // namespace vphoton
