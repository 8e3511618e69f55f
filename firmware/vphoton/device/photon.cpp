#include "device/photon.h"

#include <algorithm>
#include <cstdlib>

#include "base/log.h"
#include "system/instruments.h"
#include "system/services/panic.h"
#include "system/services/system_events.h"

namespace vphoton {
namespace {

constexpr uint64_t kSetupUpdateMs = 1000;  // Device OS 2.3.1

}  // namespace

Photon::Photon(Options options, std::optional<Resume> resume, Housing& housing)
    : options_(std::move(options)),
      resume_(std::move(resume)),
      housing_(housing),
      reactor_(housing.turns()),
      eeprom_({[this](size_t offset, size_t size) { return flash_->read(Region::Eeprom, offset, size); },
               [this](size_t offset, const std::string& data) { flash_->write(Region::Eeprom, offset, data); },
               [this](uint32_t ms) { erase_page_of_eeprom(ms); }}),
      serial_(reactor_),
      uart_(reactor_),
      spi_(reactor_),
      console_(*this,
               [this](const std::string& text) {
                 serial_.write(reinterpret_cast<const uint8_t*>(text.data()), text.size());
               }),
      tcp_service_(reactor_, *this),
      http_service_(reactor_, *this),
      control_(reactor_, [this](const JsonValue& request) { return control(request); }),
      debug_port_(reactor_, {[this] { reset(ResetReason::PinReset, 0); }, [this] { cloud_.application_released(); }}),
      peripherals_(reactor_, {pins_, i2c_, uart_, spi_}, [this] { stand_by(); }),
      cloud_(reactor_, *this),
      announced_(housing.shared()),
      retained_(resume_ ? resume_->kept_memory : -1),
      pace_(options_.loop_hz, housing.shared() ? LoopPace::kInRack : LoopPace::kAlone) {}

Photon::~Photon() = default;

void Photon::start_system() {
  if (user_part_) {
    // The application moves the session with the cloud on itself, in Particle.process().
    if (mode_ == SystemMode::Manual && !user_part_->threaded()) reactor_.pause(true);
  }
  wifi_->on_change([this] { wifi_changed(); });
  wifi_->on_join_failed([this] { join_failed(); });
  if (safe_mode_) cloud_.application_ready();  // there is no setup() to wait for
  bool automatic = mode_ == SystemMode::Automatic || mode_ == SystemMode::SafeMode;
  if (automatic) cloud_.connect();
  if (resume_ ? resume_->listen : options_.listening)
    enter_listening();
  else if (automatic)
    wifi_connect();
}

void Photon::run() {
  while (true) {
    run_application();
    reactor_.run_once(wait_ms());
  }
}

// loop() follows every round of the reactor, whatever it was that happened; LoopPace says when it is due without.
void Photon::run_application() {
  if (!user_part_) return;
  user_part_->run_threads();
  if (setup_done_) {
    if (!application_may_loop()) return;
    pace_.begins(reactor_.now_us(), counts());
    block_loop();
    user_part_->loop();
    pace_.ended(reactor_.now_us(), counts());
  } else if (!setup_begun_ && application_may_start()) {
    setup_begun_ = true;
    user_part_->setup();
    setup_done_ = true;
    cloud_.application_ready();
  }
}

bool Photon::application_may_start() const {
  if (user_part_->threaded() || mode_ == SystemMode::SemiAutomatic || mode_ == SystemMode::Manual) return true;
  return was_connected_ && !listening_;
}

// Without a thread of its own the application stands still in listening mode.
bool Photon::application_may_loop() const { return user_part_->threaded() || !listening_; }

int Photon::wait_ms() const {
  if (!user_part_) return -1;
  const int own = own_wait_ms();
  const auto threads = user_part_->threads_due_ms();
  return threads && (own < 0 || *threads < static_cast<uint32_t>(own)) ? static_cast<int>(*threads) : own;
}

// Without other threads of the application's.
int Photon::own_wait_ms() const {
  if (!setup_done_) return application_may_start() ? 0 : -1;
  if (!application_may_loop()) return -1;
  uint64_t due = pace_.due_us();
  uint64_t now = reactor_.now_us();
  return due > now ? static_cast<int>((due - now + 999) / 1000) : 0;
}

void Photon::fire(uint64_t event, int param) {
  auto handlers = event_handlers_;  // a handler may register another
  for (const auto& [events, handler] : handlers)
    if (events & event) handler(event, param);
}

void Photon::enter_listening() {
  if (listening_) return;
  log_state("listening mode");
  listening_ = true;
  wifi_power(true);
  credentials_changed_ = false;
  console_.restart();
  wifi_->disconnect();
  start_softap();
  set_listen_timeout(listen_timeout_s_);
  fire(system_event::kSetupBegin, 0);
  struct Update {
    Photon* photon;
    void operator()() const {
      photon->fire(system_event::kSetupUpdate, 0);
      if (photon->listening_) photon->listening_timer_ = photon->reactor_.after(kSetupUpdateMs, *this);
    }
  };
  listening_timer_ = reactor_.after(kSetupUpdateMs, Update{this});
}

void Photon::leave_listening() {
  if (!listening_) return;
  log_state("listening mode ends");
  listening_ = false;
  reactor_.cancel(listening_timer_);
  reactor_.cancel(listen_timeout_);
  tcp_service_.stop();
  http_service_.stop();
  fire(system_event::kSetupEnd, 0);
  wifi_connect();
}

void Photon::wifi_connect() {
  if (listening_) return;
  wifi_power(true);
  if (credentials_->empty())
    enter_listening();
  else
    wifi_->connect();
}

// The cloud link keeps trying on its own clock; a network that has just come up is worth an attempt at once, one that
// is gone ends the session.
void Photon::wifi_changed() {
  switch (wifi_->state()) {
    case Wifi::State::Off:
      fire(system_event::kNetworkStatus, system_event::kNetworkDisconnected);
      break;
    case Wifi::State::Connecting:
      fire(system_event::kNetworkStatus, system_event::kNetworkConnecting);
      break;
    case Wifi::State::Up:
      credentials_changed_ = false;
      fire(system_event::kNetworkStatus, system_event::kNetworkConnected);
      break;
  }
  if (!cloud_.wanted()) return;
  cloud_.disconnect();
  cloud_.connect();
}

void Photon::join_failed() {
  if (credentials_changed_) enter_listening();
}

void Photon::reset(ResetReason reason, uint32_t data) {
  announce();  // what the application did before it was ready may have been its end
  log_state("reset: %s", reset_reason_name(reason));
  // Only a shutdown that was pending is told, and only an update leaves one: Device OS 2.3.1, system_update.cpp.
  if (reason == ResetReason::Update) {
    fire(system_event::kResetPending, 0);
    fire(system_event::kReset, 0);
  }
  cloud_.disconnect();
  control_.unlink_socket();
  Resume next = resume_record();
  next.reason = reason;
  next.data = data;
  next.dfu = reason == ResetReason::DfuMode && !dfu_;  // out of DFU mode it keeps the reason it came by
  // A reset does not let go of a button. A panic's and that into DFU mode do not wait for it.
  next.setup_pressed = setup_pressed_ms_ && reason != ResetReason::Panic && !next.dfu;
  // Device OS 2.3.1, panic_(): interrupts off, SOS for about 10 s, and only then the reset. Until then outputs and PWM
  // stay as they were.
  if (reason == ResetReason::Panic) next.pins = pins_.carried();
  next.kept_memory = retained_.save();
  housing_.restart(next);
  std::abort();  // what does not return is virtual
}

Resume Photon::resume_record() const {
  Resume next;
  next.listen = listen_after_reset_;
  next.setup_hold_ms = setup_hold_after_reset_ms_;
  next.reset_pressed = reset_pressed_;
  next.control_folder = control_.own_folder();
  next.debug = debug_port_.carried();
  next.peripherals = peripherals_.attached();
  next.lock = folder_.lock();
  next.serial = serial_.master();
  next.softap_tcp = tcp_port_.descriptor();
  next.softap_http = http_port_.descriptor();
  next.wifi_available = wifi_->available();
  next.power_cut = flash_->power_cut();
  next.air = wifi_->air();
  return next;
}

void Photon::switch_off() {
  if (recorder_) recorder_->end(reactor_.now_us());
  cloud_.disconnect();
  serial_.remove_link();
  control_.remove();
  housing_.off();
  std::abort();
}

}  // namespace vphoton
