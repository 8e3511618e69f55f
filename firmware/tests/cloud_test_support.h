// What the tests of the cloud session share: readable bytes, a fake Photon, a recording channel.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/crc32.h"
#include "base/hex.h"
#include "faces/cloud/cloud_host.h"
#include "faces/cloud/session.h"
#include "faces/cloud/session_channel.h"

namespace vphoton::cloud::test {

// "4002C3F4 B165 01 'n'": hex digits in pairs, text in single quotes, blanks between.
inline std::string bytes(const std::string& notation) {
  std::string result;
  for (size_t i = 0; i < notation.size();) {
    if (notation[i] == ' ') {
      ++i;
    } else if (notation[i] == '\'') {
      const size_t end = notation.find('\'', i + 1);
      result += notation.substr(i + 1, end - i - 1);
      i = end + 1;
    } else {
      result += static_cast<char>(std::stoi(notation.substr(i, 2), nullptr, 16));
      i += 2;
    }
  }
  return result;
}

inline std::string hex(const std::string& data) { return to_upper_hex(data); }

inline uint32_t crc32_of(const std::string& data) { return crc32(data.data(), data.size()); }

inline std::string big_endian(uint32_t value, int count) {
  std::string result;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) result += static_cast<char>(value >> shift);
  return result;
}

inline PublishRequest publish_of(const std::string& name) {
  PublishRequest request;
  request.name = name;
  return request;
}

class FakeHost : public CloudHost {
 public:
  CloudIdentity identity;
  uint16_t product = 6;
  uint16_t version = 2;
  AppSurface surface;
  bool in_safe_mode = false;
  bool stopped = false;
  std::string system = "\"p\":6,\"m\":[]";
  std::string code;
  std::string reset_reason;
  bool update_succeeded = false;
  bool enabled = true;
  bool forced = false;
  bool pending = false;
  int hellos_acknowledged = 0;
  int claims_confirmed = 0;
  int key_restores = 0;
  std::optional<uint32_t> time;
  std::optional<bool> signalling;
  std::optional<ResetRequest> reset;
  std::vector<CloudState> states;
  std::vector<CloudError> errors;
  std::function<void(CloudState)> on_state;

  int begin_result = 0;
  int write_result = 0;
  int validate_result = 0;
  uint32_t image_length = 0;
  std::map<uint32_t, std::string> image;  // offset -> data
  int applied = 0;
  int aborted = 0;

  const Generation* chosen = &default_generation();
  bool erased = false;
  uint32_t errors_of_keys = 0;
  const Generation& generation() override { return *chosen; }
  bool claim_code_erased() override { return erased; }
  uint32_t key_errors() override { return errors_of_keys; }
  CloudIdentity cloud_identity() override { return identity; }
  uint16_t product_id() override { return product; }
  uint16_t product_version() override { return version; }
  const AppSurface& app_surface() override { return surface; }
  bool application_stopped() override { return stopped; }
  bool safe_mode() override { return in_safe_mode; }
  std::string system_describe() override { return system; }
  std::vector<Vital> vitals() override { return {{Vital::Id::Uptime, 1000}, {Vital::Id::Rssi, -73 * 256}}; }
  std::string claim_code() override { return code; }
  void claim_confirmed() override {
    ++claims_confirmed;
    code.clear();
  }
  std::string last_reset() override { return reset_reason; }
  bool last_update_succeeded() override { return update_succeeded; }
  void hello_acknowledged() override { ++hellos_acknowledged; }
  bool updates_enabled() override { return enabled; }
  bool updates_forced() override { return forced; }
  void set_updates_forced(bool on) override { forced = on; }
  void set_updates_pending(bool on) override { pending = on; }
  void set_time(uint32_t unix_seconds) override { time = unix_seconds; }
  void signal(bool on) override { signalling = on; }
  void reset_requested(ResetRequest what) override { reset = what; }
  void server_key_restore_requested() override { ++key_restores; }
  void cloud_state_changed(CloudState state) override {
    states.push_back(state);
    if (on_state) on_state(state);
  }
  void cloud_error(CloudError why) override { errors.push_back(why); }
  int ota_begin(uint32_t length) override {
    image_length = length;
    image.clear();
    return begin_result;
  }
  int ota_write(uint32_t offset, const uint8_t* data, size_t size) override {
    if (write_result == 0) image[offset].assign(reinterpret_cast<const char*>(data), size);
    return write_result;
  }
  int ota_validate() override { return validate_result; }
  void ota_apply() override { ++applied; }
  void ota_abort() override { ++aborted; }
};

class RecordingChannel : public SessionChannel {
 public:
  std::vector<std::string> sent;
  std::optional<CloudError> dropped;
  int times_established = 0;
  int applies = 0;

  void send(const std::string& plain) override { sent.push_back(plain); }
  void drop(CloudError why) override { dropped = why; }
  void established() override { ++times_established; }
  void apply_update_when_written() override { ++applies; }

  std::vector<std::string> take() { return std::exchange(sent, {}); }
};

// The application of the traces: alpha(abc) -> 3 (length of its argument), variables b, i, s, d, subscription to `foo`.
inline AppSurface trace_surface(std::vector<std::string>* heard) {
  AppSurface surface;
  for (const char* name : {"alpha", "beta"})
    surface.functions.push_back(
        {name, [](const std::string& argument) { return static_cast<int32_t>(argument.size()); }});
  surface.variables.push_back({"b", VariableType::Bool, [] { return VariableValue(true); }});
  surface.variables.push_back({"i", VariableType::Int, [] { return VariableValue(int32_t{-2}); }});
  surface.variables.push_back({"s", VariableType::String, [] { return VariableValue(std::string("zzzzz")); }});
  surface.variables.push_back({"d", VariableType::Double, [] { return VariableValue(1.5); }});
  surface.subscriptions.push_back({"foo", Scope::AllDevices, "", [heard](const char* name, const char* data) {
                                     heard->push_back(std::string(name) + '=' + (data ? data : "(null)"));
                                   }});
  return surface;
}

// A session with a clock of its own.
class SessionBench {
 public:
  FakeHost host;
  BootMemory memory;
  RecordingChannel channel;
  std::vector<std::string> heard;
  uint64_t now = 1000000;
  std::shared_ptr<Session> session;

  SessionBench() { host.surface = trace_surface(&heard); }
  ~SessionBench() {
    if (session) session->close();
  }

  void start(uint16_t first_id, uint8_t token = 0x67) {
    session = std::make_shared<Session>(
        host, memory, channel, [this] { return now; }, Session::Start{static_cast<uint16_t>(first_id - 1), token});
    session->start();
  }

  // An established session whose application has been announced and whose next message carries `next_id`.
  void establish(uint16_t next_id) {
    memory.application_ready = true;
    channel.take();
    start(0);
    session->receive(bytes("50020001 B168"));
    const size_t messages = channel.take().size();
    session->close();
    memory.publish_rate = RateLimiter();
    start(static_cast<uint16_t>(next_id - messages));
    session->receive(bytes("50020001 B168"));
    channel.take();
  }

  // What the device answers to `server`, in hex.
  std::vector<std::string> exchange(const std::string& server) {
    session->receive(bytes(server));
    std::vector<std::string> answers;
    for (const auto& message : channel.take()) answers.push_back(hex(message));
    return answers;
  }
};

inline std::vector<std::string> hexes(std::vector<std::string> notations) {
  for (auto& notation : notations) notation = hex(bytes(notation));
  return notations;
}

}  // namespace vphoton::cloud::test
