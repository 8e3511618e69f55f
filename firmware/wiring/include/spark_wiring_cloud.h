// Particle: variables, functions, events and the connection itself.
#pragma once

#include <chrono>
#include <functional>
#include <type_traits>
#include <utility>

#include "device_os/functions.h"
#include "spark_wiring_flags.h"
#include "spark_wiring_future.h"
#include "spark_wiring_string.h"
#include "spark_wiring_system.h"

// How an event is sent. Flags combine with `|`. Device OS 2.3.1.
struct PublishFlagType;
typedef particle::Flags<PublishFlagType, uint8_t> PublishFlags;
typedef PublishFlags::FlagType PublishFlag;

constexpr PublishFlag PUBLIC(0x0);
constexpr PublishFlag PRIVATE(0x1);
constexpr PublishFlag NO_ACK(0x2);
constexpr PublishFlag WITH_ACK(0x8);

// How Particle.disconnect() ends the connection.
class CloudDisconnectOptions {
 public:
  CloudDisconnectOptions() { options_.size = sizeof options_; }

  // Waits, at most for `timeout`, until everything is acknowledged.
  CloudDisconnectOptions& graceful(bool wait) {
    options_.graceful = wait;
    return set(kGraceful);
  }
  bool graceful() const { return options_.graceful; }
  bool isGracefulSet() const { return options_.flags & kGraceful; }
  CloudDisconnectOptions& timeout(system_tick_t ms) {
    options_.timeout = ms;
    return set(kTimeout);
  }
  CloudDisconnectOptions& timeout(std::chrono::milliseconds ms) {
    return timeout(static_cast<system_tick_t>(ms.count()));
  }
  system_tick_t timeout() const { return options_.timeout; }
  bool isTimeoutSet() const { return options_.flags & kTimeout; }
  CloudDisconnectOptions& clearSession(bool clear) {
    options_.clear_session = clear;
    return set(kClearSession);
  }
  bool clearSession() const { return options_.clear_session; }
  bool isClearSessionSet() const { return options_.flags & kClearSession; }

  spark_cloud_disconnect_options toSystemOptions() const { return options_; }
  static CloudDisconnectOptions fromSystemOptions(const spark_cloud_disconnect_options* options) {
    CloudDisconnectOptions made;
    made.options_ = *options;
    return made;
  }

 private:
  enum { kGraceful = 1, kTimeout = 2, kClearSession = 4 };
  CloudDisconnectOptions& set(uint8_t flag) {
    options_.flags = static_cast<uint8_t>(options_.flags | flag);
    return *this;
  }

  spark_cloud_disconnect_options options_ = {};
};

typedef std::function<void(const char* name, const char* data)> wiring_event_handler_t;

enum CloudVariableType {
  BOOLEAN = CLOUD_VAR_BOOLEAN,
  INT = CLOUD_VAR_INT,
  STRING = CLOUD_VAR_STRING,
  DOUBLE = CLOUD_VAR_DOUBLE
};

class CloudClass {
 public:
  // Exposes `value`, which must stay where it is; read at each request. Of type bool, int, unsigned, double, String,
  // char array or const char*, or a function returning one of these. False when the name is longer than 64 characters
  // or the description of the application would not fit 768 bytes.
  template <typename T>
  static bool variable(const char* name, T&& value) {
    return VariableAdder<typename std::decay<T>::type>::add(name, std::forward<T>(value));
  }

  // As sketches of old name the type, with the variable's address.
  template <typename T>
  static bool variable(const char* name, const T* value, CloudVariableType) {
    return variable(name, *value);
  }
  static bool variable(const char* name, const char* text, CloudVariableType) { return variable(name, text); }

  // Exposes int f(String).
  static bool function(const char* name, std::function<int(String)> f);
  template <typename T>
  static bool function(const char* name, int (T::*f)(String), T* instance) {
    return function(name,
                    std::function<int(String)>([f, instance](String argument) { return (instance->*f)(argument); }));
  }

  // False when not connected, more than 4 events a second were tried, an update runs, or name or data is too long
  // (64 and 622 bytes).
  static particle::Future<bool> publish(const char* name, PublishFlags a = PUBLIC, PublishFlags b = PublishFlags()) {
    return publish_event(name, nullptr, 60, a | b);
  }
  static particle::Future<bool> publish(const char* name, const char* data, PublishFlags a = PUBLIC,
                                        PublishFlags b = PublishFlags()) {
    return publish_event(name, data, 60, a | b);
  }
  static particle::Future<bool> publish(const char* name, const char* data, int ttl, PublishFlags a = PUBLIC,
                                        PublishFlags b = PublishFlags()) {
    return publish_event(name, data, ttl, a | b);
  }

  // False when the application has 4 subscriptions already or the prefix is longer than 63 characters.
  static bool subscribe(const char* prefix, wiring_event_handler_t handler,
                        Spark_Subscription_Scope_TypeDef scope = ALL_DEVICES) {
    return add_subscription(prefix, std::move(handler), scope, nullptr);
  }
  static bool subscribe(const char* prefix, wiring_event_handler_t handler, const char* device_id) {
    return add_subscription(prefix, std::move(handler), MY_DEVICES, device_id);
  }
  template <typename T>
  static bool subscribe(const char* prefix, void (T::*handler)(const char*, const char*), T* instance,
                        Spark_Subscription_Scope_TypeDef scope = ALL_DEVICES) {
    return subscribe(
        prefix, [handler, instance](const char* name, const char* data) { (instance->*handler)(name, data); }, scope);
  }

  // All of the application's; the cloud goes on sending until the next connection.
  void unsubscribe() { spark_unsubscribe(nullptr); }

  static void connect() { spark_cloud_flag_connect(); }
  static void disconnect(const CloudDisconnectOptions& options = CloudDisconnectOptions());
  static void setDisconnectOptions(const CloudDisconnectOptions& options);
  static bool connected() { return spark_cloud_flag_connected(); }
  static bool disconnected() { return !connected(); }
  static void process();
  bool syncTime() { return connected() && spark_sync_time(nullptr); }
  bool syncTimePending() { return connected() && spark_sync_time_pending(nullptr); }  // asked for and not answered
  bool syncTimeDone() { return !syncTimePending(); }
  uint32_t timeSyncedLast();  // millis() of the last answer; 0: none yet
  system_tick_t timeSyncedLast(time_t& when) { return spark_sync_time_last(nullptr, &when); }
  int publishVitals(system_tick_t period_s = static_cast<system_tick_t>(-1)) {  // without a period: once, now
    return spark_publish_vitals(period_s, nullptr);
  }
  int publishVitals(std::chrono::seconds period) { return publishVitals(static_cast<system_tick_t>(period.count())); }
  static void sleep(Spark_Sleep_TypeDef mode, long seconds = 0) { SystemClass::sleep(mode, seconds); }
  static void sleep(long seconds) { SystemClass::sleep(seconds); }
  static void sleep(uint16_t pin, InterruptMode edge, long seconds = 0) { SystemClass::sleep(pin, edge, seconds); }
  static String deviceID() { return spark_deviceID(); }

 private:
  static particle::Future<bool> publish_event(const char* name, const char* data, int ttl, PublishFlags flags);
  static bool add_subscription(const char* prefix, wiring_event_handler_t handler,
                               Spark_Subscription_Scope_TypeDef scope, const char* device_id);
  static bool add_text(const char* name, const String* text);
  // For spark_variable_t::copy: the value in a block of malloc's.
  static int copy_value(const void* value, size_t size, void** data, size_t* copied);

  // A variable in memory, of a type the system reads by itself.
  template <Spark_Data_TypeDef Type, typename T>
  struct InPlace {
    static bool add(const char* name, const T& value) { return spark_variable(name, &value, Type, nullptr); }
    static bool add(const char* name, const T&& value) = delete;
  };

  // A function that is called for the value. It stays for good: variables cannot be taken back.
  template <typename Fn, typename Result, typename Kept, Spark_Data_TypeDef Type>
  struct Called {
    static bool add(const char* name, const Fn& function) {
      Fn* kept = new Fn(function);
      if (!kept) return false;
      spark_variable_t how = {sizeof how, nullptr, copy};
      return spark_variable(name, kept, Type, &how);
    }
    static int copy(const void* function, void** data, size_t* size) {
      const Kept value = (*static_cast<Fn*>(const_cast<void*>(function)))();
      return copy_value(bytes(value), length(value), data, size);
    }
    static const void* bytes(const String& value) { return value.c_str(); }
    static size_t length(const String& value) { return value.length(); }
    template <typename T>
    static const void* bytes(const T& value) {
      return &value;
    }
    template <typename T>
    static size_t length(const T&) {
      return sizeof(T);
    }
  };
  template <typename Fn, typename Result>
  struct CalledFor;

  // Chooses the type a variable has in the cloud from its type in C++.
  template <typename T>
  struct VariableAdder {
    template <typename Fn>
    static bool add(const char* name, Fn function) {
      return CalledFor<Fn, typename std::decay<decltype(function())>::type>::add(name, function);
    }
  };
};

template <typename Fn>
struct CloudClass::CalledFor<Fn, bool> : CloudClass::Called<Fn, bool, bool, CLOUD_VAR_BOOLEAN> {};
template <typename Fn>
struct CloudClass::CalledFor<Fn, int> : CloudClass::Called<Fn, int, int, CLOUD_VAR_INT> {};
template <typename Fn>
struct CloudClass::CalledFor<Fn, long> : CloudClass::Called<Fn, long, int, CLOUD_VAR_INT> {};
template <typename Fn>
struct CloudClass::CalledFor<Fn, unsigned int> : CloudClass::Called<Fn, unsigned int, int, CLOUD_VAR_INT> {};
template <typename Fn>
struct CloudClass::CalledFor<Fn, unsigned long> : CloudClass::Called<Fn, unsigned long, int, CLOUD_VAR_INT> {};
template <typename Fn>
struct CloudClass::CalledFor<Fn, double> : CloudClass::Called<Fn, double, double, CLOUD_VAR_DOUBLE> {};
template <typename Fn>
struct CloudClass::CalledFor<Fn, String> : CloudClass::Called<Fn, String, String, CLOUD_VAR_STRING> {};
template <typename Fn>
struct CloudClass::CalledFor<Fn, const char*> : CloudClass::Called<Fn, const char*, String, CLOUD_VAR_STRING> {};

template <>
struct CloudClass::VariableAdder<bool> : CloudClass::InPlace<CLOUD_VAR_BOOLEAN, bool> {};
template <>
struct CloudClass::VariableAdder<int> : CloudClass::InPlace<CLOUD_VAR_INT, int> {};
template <>
struct CloudClass::VariableAdder<long> : CloudClass::InPlace<CLOUD_VAR_INT, long> {};
template <>
struct CloudClass::VariableAdder<unsigned int> : CloudClass::InPlace<CLOUD_VAR_INT, unsigned int> {};
template <>
struct CloudClass::VariableAdder<unsigned long> : CloudClass::InPlace<CLOUD_VAR_INT, unsigned long> {};
template <>
struct CloudClass::VariableAdder<double> : CloudClass::InPlace<CLOUD_VAR_DOUBLE, double> {};

template <>
struct CloudClass::VariableAdder<String> {
  static bool add(const char* name, const String& value) { return add_text(name, &value); }
  static bool add(const char* name, const String&& value) = delete;
};

template <>
struct CloudClass::VariableAdder<const char*> {
  static bool add(const char* name, const char* text) { return spark_variable(name, text, CLOUD_VAR_STRING, nullptr); }
};
template <>
struct CloudClass::VariableAdder<char*> : CloudClass::VariableAdder<const char*> {};
template <>
struct CloudClass::VariableAdder<unsigned char*> {
  static bool add(const char* name, const unsigned char* text) {
    return spark_variable(name, text, CLOUD_VAR_STRING, nullptr);
  }
};

// float is no type of the cloud; use double.
template <>
struct CloudClass::VariableAdder<float>;

extern CloudClass Particle;
#define Spark Particle
