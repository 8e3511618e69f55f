// Particle: what the application registers goes into the device's AppSurface, what it sends to the CloudLink.
#include <algorithm>
#include <cstring>
#include <string>

#include "cloud/registration.h"
#include "core/device.h"

#include "application.h"

using vphoton::device;

CloudClass Particle;

namespace {

constexpr int kMaxTtl = 16777215;

template <typename Read>
bool add_variable(const char* name, vphoton::VariableType type, Read read) {
  return name && vphoton::cloud::add_variable(vphoton::device(), {name, type, read});
}

}  // namespace

bool CloudClass::add_bool(const char* name, std::function<bool()> read) {
  return add_variable(name, vphoton::VariableType::Bool, [read]() -> vphoton::VariableValue { return read(); });
}

bool CloudClass::add_int(const char* name, std::function<int32_t()> read) {
  return add_variable(name, vphoton::VariableType::Int, [read]() -> vphoton::VariableValue { return read(); });
}

bool CloudClass::add_double(const char* name, std::function<double()> read) {
  return add_variable(name, vphoton::VariableType::Double, [read]() -> vphoton::VariableValue { return read(); });
}

bool CloudClass::add_text(const char* name, std::function<String()> read) {
  return add_variable(name, vphoton::VariableType::String, [read]() -> vphoton::VariableValue {
    String text = read();
    return std::string(text.c_str(), text.length());
  });
}

bool CloudClass::function(const char* name, std::function<int(String)> f) {
  if (!name || !f) return false;
  return vphoton::cloud::add_function(vphoton::device(), {name, [f](const std::string& argument) -> int32_t {
                                                            return f(String(argument.data(), argument.size()));
                                                          }});
}

particle::Future<bool> CloudClass::publish_event(const char* name, const char* data, int ttl,
                                                 particle::PublishFlags flags) {
  using Outcome = particle::Future<bool>;
  if (!name || !*name) return Outcome(false);
  vphoton::PublishRequest request;
  request.name = name;
  request.has_data = data != nullptr;
  request.data = data ? data : "";
  request.ttl = static_cast<uint32_t>(constrain(ttl, 0, kMaxTtl));
  request.is_private = flags.value() & particle::PRIVATE.value();
  request.with_ack = flags.value() & particle::WITH_ACK.value();
  if (!request.with_ack) return Outcome(device().cloud().publish(request));
  auto state = std::make_shared<Outcome::State>(Outcome::State::Running);
  bool sent = device().cloud().publish(
      request, [state](bool ok) { *state = ok ? Outcome::State::Succeeded : Outcome::State::Failed; });
  return sent ? Outcome(state) : Outcome(false);
}

bool CloudClass::subscribe(const char* prefix, wiring_event_handler_t handler, Spark_Subscription_Scope_TypeDef scope) {
  if (!prefix || !handler) return false;
  return vphoton::cloud::add_subscription(
      vphoton::device(),
      {prefix, scope == MY_DEVICES ? vphoton::Scope::MyDevices : vphoton::Scope::AllDevices, "", handler});
}

bool CloudClass::subscribe(const char* prefix, wiring_event_handler_t handler, const char* device_id) {
  if (!prefix || !handler || !device_id) return false;
  return vphoton::cloud::add_subscription(vphoton::device(), {prefix, vphoton::Scope::OneDevice, device_id, handler});
}

void CloudClass::unsubscribe() { vphoton::cloud::remove_subscriptions(vphoton::device()); }

void CloudClass::connect() {
  device().wifi_connect();
  device().cloud().connect();
}

void CloudClass::disconnect() { device().cloud().disconnect(); }

bool CloudClass::connected() { return device().cloud().connected(); }

void CloudClass::process() { device().process(); }

bool CloudClass::syncTime() {
  if (!connected()) return false;
  device().request_time();
  return true;
}

bool CloudClass::syncTimePending() { return device().time_requested() && connected(); }

uint32_t CloudClass::timeSyncedLast() { return device().time_synced_ms(); }

String CloudClass::deviceID() { return String(device().device_id().c_str()); }
