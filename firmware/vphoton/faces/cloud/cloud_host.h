// What a cloud session asks of the Photon it belongs to. Device implements it; tests use a fake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "faces/cloud/cloud_error.h"
#include "faces/cloud/generation.h"
#include "system/services/app_surface.h"

namespace vphoton {

// Who we are and where the cloud is, read from the DCT at each connection attempt.
struct CloudIdentity {
  std::string device_id;           // 12 raw bytes
  std::string device_private_key;  // PKCS#1 RSAPrivateKey DER (RSA-1024), trailing filler allowed
  std::string server_public_key;   // SubjectPublicKeyInfo DER (RSA-2048, 294 bytes), trailing filler allowed
  std::string host;                // IPv4 text or domain name
  uint16_t port;
};

enum class ResetRequest { Reboot, SafeMode, Dfu, Network };

// One value of a device's diagnostics (Device OS 2.3.1, diagnostics.h).
struct Vital {
  enum class Id : uint16_t {
    ResetReason = 1,
    Uptime = 6,         // seconds
    NetworkStatus = 8,  // 0 off, 2 disconnected, 4 connected
    CloudStatus = 10,   // 0 disconnected, 1 connecting, 2 connected
    Rssi = 19,          // dBm in units of 1/256
    MemoryTotal = 25,   // bytes
    MemoryUsed = 26,    // bytes
    NetworkAttempts = 27
  };
  Id id;
  int32_t value;
};

class CloudHost {
 public:
  virtual ~CloudHost() = default;

  virtual const cloud::Generation& generation() { return cloud::default_generation(); }
  virtual CloudIdentity cloud_identity() = 0;
  // Asked before each attempt. False: there are too many others just now, ask again later. True: one place is taken
  // until the session is established or cloud_error() tells the end of the attempt.
  virtual bool may_connect() { return true; }
  virtual uint16_t product_id() = 0;       // 0xFFFF when the application sets none
  virtual uint16_t product_version() = 0;  // 0xFFFF when the application sets none
  virtual uint16_t platform_id() { return 6; }
  virtual const AppSurface& app_surface() = 0;
  // A debugger has stopped the application: what needs it waits, everything else goes on.
  virtual bool application_stopped() { return false; }
  virtual bool safe_mode() = 0;
  // Members of the system describe without braces: "p":6,"m":[...]
  virtual std::string system_describe() = 0;
  // By id; what a virtual Photon knows of itself.
  virtual std::vector<Vital> vitals() { return {}; }

  // The stored claim code; empty when the first stored byte is 0x00 or 0xFF.
  virtual std::string claim_code() = 0;
  // The first stored byte of the claim code is 0xFF.
  virtual bool claim_code_erased() { return false; }
  // Bits of spark/device/key/error: 1 the stored server key was blank, 4 the stored server address.
  virtual uint32_t key_errors() { return 0; }
  // An event spark/device/claim/... arrived: clear the code, set the claimed flag.
  virtual void claim_confirmed() = 0;

  // Text for spark/device/last_reset, empty when there is nothing to report.
  virtual std::string last_reset() = 0;
  virtual bool last_update_succeeded() = 0;  // Hello flag 0x01
  virtual void hello_acknowledged() = 0;     // the flag above may be cleared now
  virtual bool updates_enabled() = 0;
  virtual bool updates_forced() = 0;
  virtual void set_updates_forced(bool on) = 0;
  virtual void set_updates_pending(bool on) = 0;

  virtual void set_time(uint32_t unix_seconds) = 0;
  virtual void signal(bool on) = 0;
  virtual void reset_requested(ResetRequest what) = 0;
  virtual void server_key_restore_requested() = 0;

  // Cloud state changes, for LED, System.on(cloud_status) and waiting code.
  enum class CloudState { Disconnected, Connecting, Handshaking, Connected };
  virtual void cloud_state_changed(CloudState state) = 0;
  // Why a connection or an attempt ended, for the LED's error colours and the log.
  virtual void cloud_error(CloudError why) {}

  // Over-the-air update. Offsets and sizes in bytes; all return 0 or a negative Device OS system error.
  virtual int ota_begin(uint32_t length) = 0;
  virtual int ota_write(uint32_t offset, const uint8_t* data, size_t size) = 0;
  virtual int ota_validate() = 0;  // after the last chunk, before the answer to UpdateDone
  virtual void ota_apply() = 0;    // after that answer has been written: resets with reason `update`
  virtual void ota_abort() = 0;    // stalled for 30 s: resets with reason `update_timeout`
};

}  // namespace vphoton
