// Table system_cloud: what the application offers to the cloud, publishes and subscribes to.
#include <algorithm>

#include "system/registration.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

// Device OS 2.3.1, abi/include/device_os/cloud.h.
constexpr uint8_t kBool = 1, kInt = 2, kString = 4, kDouble = 9;
constexpr uint32_t kPrivate = 1, kWithAck = 8;
constexpr int32_t kMaxTtl = 16777215;
constexpr uint32_t kUnknownError = static_cast<uint32_t>(-100);

VariableValue value_at(Application& app, uint8_t type, uint32_t at) {
  switch (type) {
    case kBool:
      return app.get<uint8_t>(at) != 0;
    case kInt:
      return app.get<int32_t>(at);
    case kDouble:
      return app.get<double>(at);
    default:
      return app.text(at);
  }
}

VariableValue nothing_of(uint8_t type) {
  switch (type) {
    case kBool:
      return false;
    case kInt:
      return int32_t{0};
    case kDouble:
      return 0.0;
    default:
      return std::string();
  }
}

// The application's function puts the value into a block of malloc's.
VariableValue copied(Application& app, uint8_t type, uint32_t copy, uint32_t variable) {
  Application::Lent results(app, std::string(8, '\0'));  // where the block is, and its size
  if (static_cast<int32_t>(app.call(copy, {variable, results.address(), results.address() + 4})) < 0)
    return nothing_of(type);
  const auto data = app.get<uint32_t>(results.address());
  const auto size = app.get<uint32_t>(results.address() + 4);
  VariableValue value = nothing_of(type);
  if (data && type == kString) {
    const uint8_t* bytes = app.bytes(data, size);
    value = std::string(bytes, bytes + size);
  } else if (data) {
    value = value_at(app, type, data);
  }
  app.heap().free(data);
  return value;
}

bool variable(Application& app, uint32_t name, uint32_t at, uint8_t type, uint32_t how) {
  const uint16_t size = how ? app.get<uint16_t>(how) : uint16_t{0};
  const uint32_t update = size >= 8 ? app.get<uint32_t>(how + 4) : 0;
  const uint32_t copy = size >= 12 ? app.get<uint32_t>(how + 8) : 0;
  const std::string text = app.text(name);
  if (type != kBool && type != kInt && type != kDouble && type != kString) return false;
  return cloud::add_variable(app.device(), {text, static_cast<VariableType>(type),
                                            [=, &app]() -> VariableValue {
                                              if (copy) return copied(app, type, copy, at);
                                              if (!update) return value_at(app, type, at);
                                              Application::Lent lent(app, text);
                                              return value_at(app, type,
                                                              app.call(update, {lent.address(), type, at, 0}));
                                            },
                                            copy != 0 || update != 0});
}

// class String of Wiring: buffer, capacity, length, flags.
constexpr uint32_t kStringSize = 16;

void put_string(Application& app, uint32_t at, const std::string& text) {
  const auto length = static_cast<uint32_t>(text.size());
  const uint32_t buffer = app.allocate(length + 1);
  app.write(buffer, text + '\0');
  app.put<uint32_t>(at, buffer);
  app.put<uint32_t>(at + 4, length);
  app.put<uint32_t>(at + 8, length);
  app.put<uint32_t>(at + 12, 0);
}

// With a name, as applications for Device OS before 0.4.6 have it: a function that takes a String. It lies in the
// caller's memory, which frees it.
int32_t call_with_string(Application& app, uint32_t function, const std::string& argument) {
  Application::Lent string(app, std::string(kStringSize, '\0'));
  put_string(app, string.address(), argument);
  const auto result = static_cast<int32_t>(app.call(function, {string.address()}));
  app.heap().free(app.get<uint32_t>(string.address()));
  return result;
}

bool function(Application& app, uint32_t name, uint32_t described, uint32_t) {
  if (name)
    return cloud::add_function(app.device(), {app.text(name), [&app, described](const std::string& argument) {
                                                return call_with_string(app, described, argument);
                                              }});
  const auto key = app.get<uint32_t>(described + 4);
  const auto called = app.get<uint32_t>(described + 8);
  const auto data = app.get<uint32_t>(described + 12);
  if (!called) return false;
  return cloud::add_function(app.device(), {app.text(key), [&app, called, data](const std::string& argument) {
                                              Application::Lent lent(app, argument);
                                              return static_cast<int32_t>(app.call(called, {data, lent.address(), 0}));
                                            }});
}

// From other threads than the application's own it does nothing. Device OS 2.3.1, with threading.
void process(Application& app) {
  if (&app.threads().current() == &app.threads().main()) app.device().process();
}

void connect(Application& app) {
  app.device().wifi_connect();
  app.device().cloud().connect();
}
void disconnect(Application& app) { app.device().cloud().disconnect(); }
int32_t disconnect_with(Application& app, uint32_t, uint32_t) {
  app.device().cloud().disconnect();
  return 0;
}
bool connected(Application& app) { return app.device().cloud().connected(); }

void device_id(Application& app, uint32_t to) { put_string(app, to, app.device().device_id()); }

// struct spark_send_event_data: size, function, its data.
bool publish(Application& app, uint32_t name, uint32_t data, int32_t ttl, uint32_t flags, uint32_t extra) {
  PublishRequest request;
  request.name = app.text(name);
  request.has_data = data != 0;
  request.data = app.text(data);
  request.ttl = static_cast<uint32_t>(std::clamp(ttl, 0, kMaxTtl));
  request.is_private = flags & kPrivate;
  request.with_ack = flags & kWithAck;
  if (request.name.empty()) return false;
  const bool heard = extra && app.get<uint32_t>(extra) >= 12;
  const uint32_t done = heard ? app.get<uint32_t>(extra + 4) : 0;
  const uint32_t its_data = heard ? app.get<uint32_t>(extra + 8) : 0;
  auto finished = [&app, done, its_data](bool ok) {
    if (done) app.call(done, {ok ? 0 : kUnknownError, 0, its_data, 0});
  };
  const bool sent =
      request.with_ack ? app.device().cloud().publish(request, finished) : app.device().cloud().publish(request);
  if (sent && !request.with_ack) finished(true);
  return sent;
}

// With data of its own the handler gets that first.
void tell(Application& app, uint32_t handler, uint32_t data, const std::string& name,
          const std::optional<std::string>& event) {
  Application::Lent lent_name(app, name);
  std::optional<Application::Lent> lent_event;
  if (event) lent_event.emplace(app, *event);
  const uint32_t text = lent_event ? lent_event->address() : 0;
  if (data)
    app.call(handler, {data, lent_name.address(), text});
  else
    app.call(handler, {lent_name.address(), text});
}

bool subscribe(Application& app, uint32_t prefix, uint32_t handler, uint32_t data, uint8_t scope, uint32_t device_id,
               uint32_t) {
  if (!prefix || !handler) return false;
  const Scope wanted = device_id ? Scope::OneDevice : scope == 0 ? Scope::MyDevices : Scope::AllDevices;
  return cloud::add_subscription(
      app.device(),
      {app.text(prefix), wanted, app.text(device_id), [&app, handler, data](const char* name, const char* event) {
         std::optional<std::string> with;
         if (event) with = event;
         app.when_released([=, &app, name = std::string(name)] { tell(app, handler, data, name, with); });
       }});
}

void unsubscribe(Application& app, uint32_t) { cloud::remove_subscriptions(app.device()); }

bool sync_time(Application& app, uint32_t) {
  if (!app.device().cloud().connected()) return false;
  app.device().request_time();
  return true;
}
bool sync_pending(Application& app, uint32_t) {
  return app.device().time_requested() && app.device().cloud().connected();
}

uint32_t sync_last(Application& app, uint32_t narrow, uint32_t wide) {
  const uint32_t when = app.device().time_synced_ms();
  const uint32_t seconds = when ? app.device().unix_time() - (app.device().millis() - when) / 1000 : 0;
  app.put_if<uint32_t>(narrow, seconds);
  app.put_if<int64_t>(wide, seconds);
  return when;
}

int32_t set_property(Application&, uint32_t, uint32_t, uint32_t, uint32_t) { return 0; }
// The cloud's seed: no cloud sends one to a virtual Photon.
int32_t set_seed_handler(Application&, uint32_t, uint32_t) { return 0; }

uint32_t protocol(Application&) { return 0x20014500; }

}  // namespace

SystemFunctions system_cloud_functions() {
  return {
      serves<variable>("spark_variable"),
      serves<function>("spark_function"),
      serves<process>("spark_process"),
      serves<connect>("spark_cloud_flag_connect"),
      serves<disconnect>("spark_cloud_flag_disconnect"),
      serves<disconnect_with>("spark_cloud_disconnect"),
      serves<connected>("spark_cloud_flag_connected"),
      serves<protocol>("system_cloud_protocol_instance"),
      serves<device_id>("spark_deviceID"),
      serves<publish>("spark_send_event"),
      serves<subscribe>("spark_subscribe"),
      serves<unsubscribe>("spark_unsubscribe"),
      serves<sync_time>("spark_sync_time"),
      serves<sync_pending>("spark_sync_time_pending"),
      serves<sync_last>("spark_sync_time_last"),
      serves<set_property>("spark_set_connection_property"),
      serves<set_seed_handler>("spark_set_random_seed_from_cloud_handler"),
  };
}

}  // namespace vphoton::system
