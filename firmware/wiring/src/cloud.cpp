// Particle.
#include "spark_wiring_cloud.h"

#include <stdlib.h>
#include <string.h>

#include "spark_wiring_watchdog.h"

CloudClass Particle;

namespace {

constexpr unsigned kDisconnectOptions = 2;  // Device OS 2.3.1, system_cloud.h

typedef std::function<int(String)> Function;

// A function the system calls with other arguments than the type it is passed as has.
template <typename To, typename From>
To unlike(From function) {
  return reinterpret_cast<To>(reinterpret_cast<void (*)()>(function));
}

int call_function(void* data, const char* argument, void*) { return (*static_cast<Function*>(data))(String(argument)); }

void call_subscriber(void* data, const char* name, const char* event) {
  (*static_cast<wiring_event_handler_t*>(data))(name, event);
}

const void* text_of(const char*, Spark_Data_TypeDef, const void* text, void*) {
  return static_cast<const String*>(text)->c_str();
}

}  // namespace

bool CloudClass::function(const char* name, std::function<int(String)> f) {
  if (!f) return false;
  Function* kept = new Function(std::move(f));
  if (!kept) return false;
  cloud_function_descriptor described = {sizeof described, 0, name, call_function, kept};
  // The system tells by the null name that it is given a description.
  return spark_function(nullptr, reinterpret_cast<p_user_function_int_str_t>(&described), nullptr);
}

bool CloudClass::add_text(const char* name, const String* text) {
  spark_variable_t how = {sizeof how, text_of, nullptr};
  return spark_variable(name, text, CLOUD_VAR_STRING, &how);
}

int CloudClass::copy_value(const void* value, size_t size, void** data, size_t* copied) {
  *copied = size;
  *data = malloc(size);
  if (!*data && size) return SYSTEM_ERROR_NO_MEMORY;
  memcpy(*data, value, size);
  return 0;
}

bool CloudClass::add_subscription(const char* prefix, wiring_event_handler_t handler,
                                  Spark_Subscription_Scope_TypeDef scope, const char* device_id) {
  if (!handler) return false;
  wiring_event_handler_t* kept = new wiring_event_handler_t(std::move(handler));
  // With data of its own a handler gets that first.
  return kept && spark_subscribe(prefix, unlike<EventHandler>(call_subscriber), kept, scope, device_id, nullptr);
}

particle::Future<bool> CloudClass::publish_event(const char* name, const char* data, int ttl, PublishFlags flags) {
  using particle::Future;
  if (!connected()) return Future<bool>(false);
  Future<bool> outcome = Future<bool>::running();
  spark_send_event_data extra = {sizeof extra, Future<bool>::complete, outcome.share()};
  if (!spark_send_event(name, data, ttl, flags.value(), &extra) && !outcome.isDone())
    Future<bool>::complete(SYSTEM_ERROR_UNKNOWN, nullptr, extra.handler_data, nullptr);
  return outcome;
}

void CloudClass::disconnect(const CloudDisconnectOptions& options) {
  const spark_cloud_disconnect_options told = options.toSystemOptions();
  spark_cloud_disconnect(&told, nullptr);
}

// Also of disconnections that the system decides on.
void CloudClass::setDisconnectOptions(const CloudDisconnectOptions& options) {
  const spark_cloud_disconnect_options told = options.toSystemOptions();
  spark_set_connection_property(kDisconnectOptions, 0, &told, nullptr);
}

void CloudClass::process() {
  application_checkin();
  spark_process();
}

uint32_t CloudClass::timeSyncedLast() {
  time_t when;
  return spark_sync_time_last(nullptr, &when);
}
