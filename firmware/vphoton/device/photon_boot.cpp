// From power to a running system: state folder, keys, update, outside faces, user part.
#include <sys/random.h>
#include <utility>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/hex.h"
#include "base/json.h"
#include "base/log.h"
#include "base/signals.h"
#include "device/photon.h"
#include "system/application.h"
#include "system/services/panic.h"
#include "system/stored/device_key.h"
#include "system/stored/system_describe.h"
#include "system/stored/system_modules.h"

namespace vphoton {
namespace {

constexpr size_t kDeviceIdSize = 12;
constexpr size_t kLongestDeviceKey = 1216;

}  // namespace

std::string Photon::boot() {
  std::string error = housing_.shared() ? folder_.open_held(options_.state)
                                        : folder_.open(options_.state, resume_ ? resume_->lock : -1);
  if (!error.empty()) return error;
  flash_ = std::make_unique<FlashDevice>(folder_.path(), resume_ ? resume_->power_cut : options_.power_cut,
                                         [this] { housing_.off(); });
  if (!flash_->ok()) return flash_->error();
  dct_ = std::make_unique<Dct>(*flash_);
  credentials_ = std::make_unique<WifiCredentials>(*flash_);
  enterprise_ = std::make_unique<EnterpriseCredentials>(*flash_, *dct_);
  ota_ = std::make_unique<OtaStore>(*flash_, *dct_);
  wifi_ = std::make_unique<Wifi>(reactor_, *credentials_, *enterprise_);
  if (resume_) {
    reset_reason_ = resume_->reason;
    reset_data_ = resume_->data;
    wifi_->set_air(resume_->air);
    wifi_->set_available(resume_->wifi_available);
  } else {
    if (options_.air) wifi_->set_air(*options_.air);
    error = provision();
    if (!error.empty()) return error;
  }
  for (std::string* image : {&options_.firmware, &options_.factory_firmware}) std::string().swap(*image);  // in flash
  if (!wait_for_buttons()) run_bootloader();
  error = choose_device_os();
  if (error.empty()) ota_->set_system_version(generation().module_version);
  if (error.empty()) error = ensure_identity();
  const bool wanted_before = resume_ && resume_->serial >= 0;
  if (error.empty() && (!housing_.shared() || wanted_before)) error = open_faces();
  if (error.empty() && !housing_.shared())
    error = control_.open(folder_.path(), resume_ ? resume_->control_folder : "");
  if (error.empty() && !housing_.shared()) error = on_end_signal(reactor_, [this] { switch_off(); });
  if (resume_) debug_port_.carry(resume_->debug);
  if (dfu_ || held()) debug_port_.begin_again();
  if (!error.empty() || dfu_) return error;
  error = connect_world();
  if (error.empty()) error = connect_peripherals();
  if (!error.empty() || held()) return error;
  panicking_ = reset_reason_ == ResetReason::Panic;
  if (panicking_) {
    pins_.keep(resume_->pins);
    panic_timer_ = reactor_.after(panic::duration_ms(reset_data_), [this] { panic_over(); });
  } else {
    panic_over();
  }
  return "";
}

void Photon::run_bootloader() {
  boot_choice_ = boot_choice(resume_ ? resume_->setup_hold_ms : options_.setup_hold_ms, ota_->factory_image_valid());
  if (boot_choice_ == BootChoice::FactoryReset) reset_reason_ = ResetReason::FactoryReset;
  dfu_ = (resume_ && resume_->dfu) || boot_choice_ == BootChoice::Dfu;
  if (dfu_) return;
  if (reset_reason_ == ResetReason::FactoryReset)
    restore_factory_image("as asked");
  else if (ota_->apply_pending())
    log_state("the staged update is in place");
}

void Photon::restore_factory_image(const char* why) {
  if (ota_->restore_factory()) log_state("the factory image is restored, %s", why);
}

void Photon::panic_over() {
  if (std::exchange(panicking_, false)) {
    pins_.release();
    began_us_ = reactor_.now_us();
  }
  load_user_part();
  debug_port_.begin_again();
  start_system();
}

// The command line's part of what a device keeps. Only at power-on: a reset does not undo what came later.
std::string Photon::provision() {
  if (!options_.device_id.empty()) {
    bool written = flash_->write(Region::OneTimeProgrammable, 0, options_.device_id) &&
                   dct_->write(dct::kDeviceId, options_.device_id);
    if (!written) return "the device id cannot be written";
  }
  if (!options_.device_key.empty()) {
    auto pair = complete_device_key(options_.device_key);
    if (!pair || options_.device_key.size() > kLongestDeviceKey)
      return "--device-key: not an RSA-1024 private key as PKCS#1 DER with exponent 65537";
    if (!dct_->set_key_pair(pair->private_der, pair->public_der)) return "the device key cannot be written";
  }
  if (!options_.server_key.empty()) {
    if (options_.server_key.size() != dct::kServerKeyDerSize)
      return "--server-key: not an RSA-2048 SubjectPublicKeyInfo DER of 294 bytes";
    if (!dct_->set_server_key(options_.server_key)) return "the server key cannot be written";
  }
  if (options_.server && !dct_->set_server_address(*options_.server)) return "--server: cannot be written";
  if (options_.wifi) {
    WifiNetwork network = *options_.wifi;
    for (const auto& point : wifi_->scan())
      if (point.ssid == network.ssid) network.security = point.security;
    if (!credentials_->store(network)) return "--wifi: the network cannot be stored";
  }
  std::string error = provision_unit();
  if (error.empty()) error = install_factory_firmware();
  return error.empty() ? install_firmware() : error;
}

// The DCT keeps the version as text, so that a later start needs no option. System parts that were flashed since say
// which version it is; the option puts back the factory's.
std::string Photon::choose_device_os() {
  auto flashed = read_system_modules(*flash_);
  if (options_.device_os && !resume_) {
    for (Region region : {Region::SystemPart1, Region::SystemPart2})
      if (!flashed.empty() && !flash_->erase(region)) return "the system parts cannot be erased";
  } else if (auto number = system_module_version(flashed)) {
    if (auto generation = cloud::find_generation_of_module(*number))
      options_.device_os = generation;
    else
      log_warning("system parts of version %d are flashed, which is not modelled", *number);
  }
  std::string stored = dct_->read(dct::kVersionString, dct::kVersionStringSize);
  stored.resize(std::min(stored.size(), stored.find_first_of(std::string("\0\xFF", 2))));
  if (!options_.device_os) options_.device_os = cloud::find_generation(stored);
  if (!options_.device_os) options_.device_os = &cloud::default_generation();
  std::string version = options_.device_os->version;
  if (version == (stored.empty() ? cloud::default_generation().version : stored)) return "";
  version.resize(dct::kVersionStringSize);
  return dct_->write(dct::kVersionString, version) ? "" : "the version cannot be written";
}

std::string Photon::install_factory_firmware() {
  if (options_.factory_firmware.empty()) return "";
  std::string reason;
  auto image = ModuleImage::parse(options_.factory_firmware, &reason);
  if (image) reason = image->why_not_runnable();
  if (!reason.empty()) return "--factory-firmware: the module " + reason;
  bool there = flash_->read(Region::Factory, 0, image->bytes.size()) == image->bytes;
  if (!there && (!flash_->erase(Region::Factory) || !flash_->write(Region::Factory, 0, image->bytes)))
    return "--factory-firmware: the module cannot be written";
  return "";
}

// By the way of an update, so that a power cut leaves the old firmware or the new.
std::string Photon::install_firmware() {
  if (options_.firmware.empty()) return "";
  std::string reason;
  auto image = ModuleImage::parse(options_.firmware, &reason);
  if (image) reason = image->why_not_runnable();
  if (!reason.empty()) return "--firmware: the module " + reason;
  if (flash_->read(Region::UserPart, 0, image->bytes.size()) == image->bytes) return "";
  if (ota_->begin(static_cast<uint32_t>(image->bytes.size())) != 0 || ota_->write(0, image->bytes) != 0 ||
      ota_->arm() != 0 || !ota_->apply_pending())
    return "--firmware: the module cannot be written";
  ota_->forget_success();  // nobody sent it over the air
  return "";
}

std::string Photon::ensure_identity() {
  id_ = flash_->read(Region::OneTimeProgrammable, 0, kDeviceIdSize);
  if (id_ == std::string(kDeviceIdSize, '\xFF')) {
    while (getrandom(id_.data(), id_.size(), 0) != static_cast<ssize_t>(id_.size())) continue;
    if (!flash_->write(Region::OneTimeProgrammable, 0, id_)) return "the device id cannot be written";
  }
  // Device OS, too, brings the public key up to date when another private key was loaded over USB.
  if (dct_->has_private_key() && is_device_key_pair(dct_->private_key(), dct_->public_key())) return "";
  auto pair = dct_->has_private_key() ? complete_device_key(dct_->private_key()) : generate_device_key();
  if (!pair) {
    // A Photon with a spoilt key runs, and fails to connect.
    log_warning("the stored device key is no RSA-1024 key");
    return "";
  }
  return dct_->set_key_pair(pair->private_der, pair->public_der) ? "" : "the device key cannot be written";
}

// Those that are not open yet.
std::string Photon::open_faces() {
  std::string error;
  if (serial_.master() < 0) error = serial_.open(folder_.path() + "/serial", resume_ ? resume_->serial : -1);
  if (error.empty() && tcp_port_.descriptor() < 0)
    error = tcp_port_.reserve(options_.softap_tcp_port, resume_ ? resume_->softap_tcp : -1);
  if (error.empty() && http_port_.descriptor() < 0)
    error = http_port_.reserve(options_.softap_http_port, resume_ ? resume_->softap_http : -1);
  serial_.set_console([this](const std::string& data) { return feed_console(data); });
  serial_.on_speed([this](uint32_t speed) { line_coding_set(speed); });
  return error;
}

// Not in a rack before somebody wants them.
bool Photon::start_softap() {
  if (tcp_port_.descriptor() < 0) return true;
  if (tcp_service_.start(tcp_port_) && http_service_.start(http_port_)) return true;
  log_warning("SoftAP cannot listen on ports %d and %d of 127.0.0.1", tcp_port_.number(), http_port_.number());
  return false;
}

std::string Photon::faces() {
  const bool were_open = tcp_port_.descriptor() >= 0;
  std::string error = open_faces();
  if (error.empty() && !were_open && listening_ && !start_softap()) error = "SoftAP cannot listen";
  if (!error.empty()) return control_error("faces: " + error);
  return JsonObject()
      .add("ok", true)
      .add("id", to_hex(id_))
      .add("serial", folder_.path() + "/serial")
      .add("softap_tcp", tcp_port_.number())
      .add("softap_http", http_port_.number())
      .add("state", folder_.path())
      .str();
}

// After the pins' state is settled and before the firmware's first instruction, as a board powers up.
std::string Photon::connect_world() {
  std::string error;
  if (!options_.record.empty()) {
    recorder_ = PinRecorder::open(options_.record, &error);
    if (!recorder_) return "--record: " + error;
    pins_.record([this](int pin) { recorder_->changed(reactor_.now_us(), pins_, pin); });
  }
  // At once, and not within what an output has set off.
  const auto brown_out = [this] { reactor_.after(0, [this] { reset(ResetReason::PowerBrownout, 0); }); };
  wiring_ = Wiring::open(folder_.path(), resume_ ? nullptr : &options_.wired_to,
                         {reactor_, pins_, uart_, spi_, brown_out}, &error);
  return error;
}

// Those of before a reset may be gone by now, with their bench.
std::string Photon::connect_peripherals() {
  const std::string& words = resume_ ? resume_->peripherals : options_.peripherals;
  if (words.empty()) return "";
  const auto what = JsonValue::parse(words);
  if (!what || what->type != JsonValue::Type::Object) return "--peripherals needs a JSON object";
  const std::string error = peripherals_.attach(*what, wiring_ != nullptr);
  if (error.empty() || !resume_) return error;
  log_warning("%s", error.c_str());
  return "";
}

void Photon::announce() {
  if (resume_ || std::exchange(announced_, true)) return;
  std::string line = JsonObject()
                         .add("id", to_hex(id_))
                         .add("serial", folder_.path() + "/serial")
                         .add("softap_tcp", tcp_port_.number())
                         .add("softap_http", http_port_.number())
                         .add("control", control_.path())
                         .add("state", folder_.path())
                         .str();
  printf("%s\n", line.c_str());
  fflush(stdout);
}

// Empty if the Photon would run what is in the user part's flash, which then is in user_image_.
std::string Photon::why_user_part_not_runnable() {
  std::string reason;
  std::string stored = flash_->read(Region::UserPart, 0, kUserPartSize);
  user_image_ = ModuleImage::parse(stored, &reason);
  if (user_image_) reason = user_image_->why_not_runnable(generation().module_version);
  return stored.find_first_not_of('\xFF') == std::string::npos ? "is missing" : reason;
}

void Photon::load_user_part() {
  std::string reason = why_user_part_not_runnable();
  if (!reason.empty() && ota_->factory_image_valid()) {
    log_warning("the user part %s", reason.c_str());
    restore_factory_image("because it is valid");
    reason = why_user_part_not_runnable();
  }
  std::optional<ModuleImage> factory;
  if (ota_->factory_image_valid())
    factory = ModuleImage::parse(flash_->read(Region::Factory, 0, FlashDevice::size(Region::Factory)));
  describe_ = vphoton::system_describe(user_image_ ? &*user_image_ : nullptr, generation().module_version,
                                       read_system_modules(*flash_), factory ? &*factory : nullptr);
  if (reset_reason_ == ResetReason::SafeMode || boot_choice_ == BootChoice::SafeMode) {
    safe_mode_reason_ = "requested";
  } else if (!reason.empty()) {
    safe_mode_reason_ = "the user part " + reason;
  } else {
    if (options_.check_memory) instruments_ = std::make_unique<system::Instruments>(kUserPartAddress, kUserPartSize);
    user_part_ = system::Application::load(*this, *user_image_, debug_port_, &reason, {nullptr, instruments_.get()});
    if (!user_part_) safe_mode_reason_ = "the user part " + reason;
  }
  if (user_image_) {
    user_image_->bytes.clear();
    user_image_->bytes.shrink_to_fit();
  }
  mode_ = user_part_ ? user_part_->system_mode() : SystemMode::SafeMode;
  safe_mode_ = mode_ == SystemMode::SafeMode;
  if (!safe_mode_) return;
  if (user_part_) safe_mode_reason_ = "the firmware's system mode";
  refused_user_part_ = std::move(user_part_);
  log_warning("safe mode: %s", safe_mode_reason_.c_str());
}

}  // namespace vphoton
