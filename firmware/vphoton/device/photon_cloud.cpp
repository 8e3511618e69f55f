// The Photon as its cloud session sees it.
#include <algorithm>

#include "base/log.h"
#include "device/photon.h"
#include "system/services/panic.h"
#include "system/services/system_events.h"

namespace vphoton {
namespace {

// Device OS 2.3.1, bits of spark/device/key/error.
constexpr uint32_t kServerKeyBlank = 1;
constexpr uint32_t kServerAddressBlank = 4;

}  // namespace

CloudIdentity Photon::cloud_identity() {
  // Without a network there is nobody to reach, and no key to be parsed for it.
  if (!wifi_ready()) return {id_, "", "", "", 0};
  ServerAddress server = dct_->server_address();
  std::string server_key = dct_->server_key();
  // Device OS has its maker's settings built in for those that are blank; here the command line's take their place.
  key_errors_ = 0;
  if (server_key[0] == '\xFF' && !options_.server_key.empty()) {
    server_key = options_.server_key;
    key_errors_ |= kServerKeyBlank;
  }
  if (server.host.empty() && options_.server) {
    server = *options_.server;
    key_errors_ |= kServerAddressBlank;
  }
  return {id_, dct_->private_key(), server_key, server.host, server.port};
}

void Photon::set_updates_enabled(bool on) {
  updates_enabled_ = on;
  cloud_.update_flags_changed();
}

void Photon::claim_confirmed() {
  if (claimed() && claim_code().empty()) return;
  dct_->confirm_claim();
  log_state("claimed");
}

std::vector<Vital> Photon::vitals() {
  constexpr int32_t kConnectedNetwork = 4, kConnectedCloud = 2;  // there is nobody to tell otherwise
  return {
      {Vital::Id::ResetReason, static_cast<int32_t>(reset_reason_)},
      {Vital::Id::Uptime, static_cast<int32_t>(uptime_ms() / 1000)},
      {Vital::Id::NetworkStatus, kConnectedNetwork},
      {Vital::Id::CloudStatus, kConnectedCloud},
      {Vital::Id::Rssi, wifi_rssi() * 256},
      // Device OS 2.3.1: size of the heap, and what of it is not free.
      {Vital::Id::MemoryTotal, static_cast<int32_t>(total_memory())},
      {Vital::Id::MemoryUsed, static_cast<int32_t>(total_memory() - free_memory())},
      {Vital::Id::NetworkAttempts, static_cast<int32_t>(wifi_->attempts())},
  };
}

std::string Photon::last_reset() {
  if (!dct_->reset_info_enabled()) return "";
  std::string text = reset_reason_name(reset_reason_);
  return reset_reason_ == ResetReason::Panic ? text + ", " + panic::describe(reset_data_) : text;
}

void Photon::set_updates_pending(bool on) {
  updates_pending_ = on;
  if (on) fire(system_event::kFirmwareUpdatePending, 0);
}

void Photon::set_time(uint32_t unix_seconds) {
  time_offset_ms_ = static_cast<int64_t>(unix_seconds) * 1000 - static_cast<int64_t>(reactor_.now_ms());
  time_valid_ = true;
  time_requested_ = false;
  time_synced_ms_ = std::max(1u, millis());
  fire(system_event::kTimeChanged, system_event::kTimeSync);
}

// Not from within the message that asks for it: its acknowledgement goes out first.
void Photon::reset_requested(ResetRequest what) {
  reactor_.after(0, [this, what] {
    switch (what) {
      case ResetRequest::Reboot:
        reset(ResetReason::User, 0);
        break;
      case ResetRequest::SafeMode:
        reset(ResetReason::SafeMode, 0);
        break;
      case ResetRequest::Dfu:
        reset(ResetReason::DfuMode, 0);
        break;
      case ResetRequest::Network:
        wifi_->disconnect();
        wifi_connect();
        break;
    }
  });
}

// Device OS would write the key and address of its maker's cloud. A virtual Photon stays with the one it was given.
void Photon::server_key_restore_requested() { log_warning("the cloud asked to restore the server key; not modelled"); }

void Photon::cloud_state_changed(CloudState state) {
  if (state == CloudState::Connected) housing_.connect_over();
  // While the network is down the link only marks time.
  if (!wifi_ready()) state = CloudState::Disconnected;
  if (state == cloud_state_) return;
  cloud_state_ = state;
  switch (state) {
    case CloudState::Disconnected:
      log_state("cloud: disconnected");
      updating_ = false;
      return fire(system_event::kCloudStatus, system_event::kCloudDisconnected);
    case CloudState::Connecting:
      return fire(system_event::kCloudStatus, system_event::kCloudConnecting);
    case CloudState::Handshaking:
      return fire(system_event::kCloudStatus, system_event::kCloudHandshake);
    case CloudState::Connected:
      log_state("cloud: connected");
      was_connected_ = true;
      return fire(system_event::kCloudStatus, system_event::kCloudConnected);
  }
}

void Photon::cloud_error(CloudError why) {
  housing_.connect_over();
  if (wifi_ready() && why != CloudError::ClosedByDevice) log_state("cloud: %s", cloud_error_text(why));
}

int Photon::ota_begin(uint32_t length) {
  int result = ota_->begin(length);
  if (result != 0) return result;
  updating_ = true;
  fire(system_event::kFirmwareUpdate, system_event::kUpdateBegin);
  return 0;
}

int Photon::ota_write(uint32_t offset, const uint8_t* data, size_t size) {
  int result = ota_->write(offset, std::string(reinterpret_cast<const char*>(data), size));
  if (result == 0) fire(system_event::kFirmwareUpdate, system_event::kUpdateProgress);
  return result;
}

int Photon::ota_validate() {
  int result = ota_->validate();
  if (result == 0) return 0;
  updating_ = false;
  log_warning("the update is refused, error %d", result);
  fire(system_event::kFirmwareUpdate, system_event::kUpdateFailed);
  return result;
}

void Photon::ota_apply() {
  if (ota_->arm() != 0) reset(ResetReason::UpdateError, 0);
  fire(system_event::kFirmwareUpdate, system_event::kUpdateComplete);
  reset(ResetReason::Update, 0);
}

void Photon::ota_abort() {
  fire(system_event::kFirmwareUpdate, system_event::kUpdateFailed);
  reset(ResetReason::UpdateTimeout, 0);
}

}  // namespace vphoton
