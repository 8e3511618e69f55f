// Particle: variables, functions, events and the connection itself.
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include <stdint.h>

#include "spark_wiring_future.h"
#include "spark_wiring_string.h"

namespace particle {

// How an event is sent. Flags combine with `|`. Device OS 2.3.1.
class PublishFlags {
 public:
  constexpr PublishFlags() : value_(0) {}
  constexpr uint8_t value() const { return value_; }
  constexpr PublishFlags operator|(PublishFlags other) const { return PublishFlags(value_ | other.value_); }

  static constexpr PublishFlags of(unsigned value) { return PublishFlags(value); }

 private:
  explicit constexpr PublishFlags(unsigned value) : value_(static_cast<uint8_t>(value)) {}

  uint8_t value_;
};

constexpr PublishFlags PUBLIC = PublishFlags::of(0x0);
constexpr PublishFlags PRIVATE = PublishFlags::of(0x1);
constexpr PublishFlags NO_ACK = PublishFlags::of(0x2);
constexpr PublishFlags WITH_ACK = PublishFlags::of(0x8);

}  // namespace particle

enum Spark_Subscription_Scope_TypeDef { MY_DEVICES, ALL_DEVICES };

typedef std::function<void(const char* name, const char* data)> wiring_event_handler_t;

enum CloudVariableType { BOOLEAN = 1, INT = 2, STRING = 4, DOUBLE = 9 };

class CloudClass {
 public:
  // Exposes `value`, which must stay where it is; read at each request. Of type bool, int, uint32_t, double, String,
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
    return function(name, [f, instance](String argument) { return (instance->*f)(argument); });
  }

  // False when not connected, more than 4 events a second were tried, an update runs, or name or data is too long
  // (64 and 622 bytes).
  static particle::Future<bool> publish(const char* name, particle::PublishFlags a = particle::PUBLIC,
                                        particle::PublishFlags b = particle::PublishFlags()) {
    return publish_event(name, nullptr, 60, a | b);
  }
  static particle::Future<bool> publish(const char* name, const char* data, particle::PublishFlags a = particle::PUBLIC,
                                        particle::PublishFlags b = particle::PublishFlags()) {
    return publish_event(name, data, 60, a | b);
  }
  static particle::Future<bool> publish(const char* name, const char* data, int ttl,
                                        particle::PublishFlags a = particle::PUBLIC,
                                        particle::PublishFlags b = particle::PublishFlags()) {
    return publish_event(name, data, ttl, a | b);
  }

  // False when the application has 4 subscriptions already or the prefix is longer than 63 characters.
  static bool subscribe(const char* prefix, wiring_event_handler_t handler,
                        Spark_Subscription_Scope_TypeDef scope = ALL_DEVICES);
  static bool subscribe(const char* prefix, wiring_event_handler_t handler, const char* device_id);
  template <typename T>
  static bool subscribe(const char* prefix, void (T::*handler)(const char*, const char*), T* instance,
                        Spark_Subscription_Scope_TypeDef scope = ALL_DEVICES) {
    return subscribe(
        prefix, [handler, instance](const char* name, const char* data) { (instance->*handler)(name, data); }, scope);
  }

  void unsubscribe();  // all of the application's; the cloud goes on sending until the next connection

  static void connect();
  static void disconnect();
  static bool connected();
  static void process();
  bool syncTime();
  bool syncTimePending();  // asked for and not answered
  bool syncTimeDone() { return !syncTimePending(); }
  uint32_t timeSyncedLast();  // millis() of the last answer; 0: none yet
  static String deviceID();

 private:
  static bool add_bool(const char* name, std::function<bool()> read);
  static bool add_int(const char* name, std::function<int32_t()> read);
  static bool add_double(const char* name, std::function<double()> read);
  static bool add_text(const char* name, std::function<String()> read);
  static particle::Future<bool> publish_event(const char* name, const char* data, int ttl,
                                              particle::PublishFlags flags);

  // Chooses the type a variable has in the cloud from its type in C++.
  template <typename T>
  struct VariableAdder {
    template <typename F>
    static bool add(const char* name, F function) {
      return add_result(name, function, static_cast<decltype(function())*>(nullptr));
    }
    template <typename F>
    static bool add_result(const char* name, F f, bool*) {
      return add_bool(name, f);
    }
    template <typename F>
    static bool add_result(const char* name, F f, int*) {
      return add_int(name, f);
    }
    template <typename F>
    static bool add_result(const char* name, F f, double*) {
      return add_double(name, f);
    }
    template <typename F>
    static bool add_result(const char* name, F f, String*) {
      return add_text(name, f);
    }
    template <typename F>
    static bool add_result(const char* name, F f, const char**) {
      return add_text(name, [f]() { return String(f()); });
    }
  };
};

template <>
struct CloudClass::VariableAdder<bool> {
  static bool add(const char* name, const bool& value) {
    const bool* at = &value;
    return add_bool(name, [at]() { return *at; });
  }
  static bool add(const char* name, const bool&& value) = delete;
};

template <>
struct CloudClass::VariableAdder<int> {
  static bool add(const char* name, const int& value) {
    const int* at = &value;
    return add_int(name, [at]() { return static_cast<int32_t>(*at); });
  }
  static bool add(const char* name, const int&& value) = delete;
};

template <>
struct CloudClass::VariableAdder<unsigned int> {
  static bool add(const char* name, const unsigned int& value) {
    const unsigned int* at = &value;
    return add_int(name, [at]() { return static_cast<int32_t>(*at); });
  }
  static bool add(const char* name, const unsigned int&& value) = delete;
};

template <>
struct CloudClass::VariableAdder<double> {
  static bool add(const char* name, const double& value) {
    const double* at = &value;
    return add_double(name, [at]() { return *at; });
  }
  static bool add(const char* name, const double&& value) = delete;
};

template <>
struct CloudClass::VariableAdder<String> {
  static bool add(const char* name, const String& value) {
    const String* at = &value;
    return add_text(name, [at]() { return *at; });
  }
  static bool add(const char* name, const String&& value) = delete;
};

template <>
struct CloudClass::VariableAdder<const char*> {
  static bool add(const char* name, const char* text) {
    return add_text(name, [text]() { return String(text); });
  }
};

template <>
struct CloudClass::VariableAdder<char*> : CloudClass::VariableAdder<const char*> {};

// float is no type of the cloud; use double.
template <>
struct CloudClass::VariableAdder<float>;

extern CloudClass Particle;
#define Spark Particle

using particle::NO_ACK;
using particle::PRIVATE;
using particle::PUBLIC;
using particle::WITH_ACK;
