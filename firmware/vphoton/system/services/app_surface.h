// What the firmware offers to the outside, as registered through the Wiring API: variables, functions and subscriptions
// to the cloud, a page on SoftAP.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "system/services/application_page.h"

namespace vphoton {

// Numbers as they stand in the describe message (Device OS 2.3.1).
enum class VariableType : uint8_t { Bool = 1, Int = 2, String = 4, Double = 9 };
using VariableValue = std::variant<bool, int32_t, double, std::string>;

struct Variable {
  std::string name;
  VariableType type;
  std::function<VariableValue()> read;
  bool calculated = false;  // by a function of the application
};

struct Function {
  std::string name;
  std::function<int32_t(const std::string& argument)> call;
};

enum class Scope { AllDevices, MyDevices, OneDevice };

struct Subscription {
  std::string prefix;
  Scope scope;
  std::string device_id;  // only for Scope::OneDevice
  // `data` is null when the event carries none.
  std::function<void(const char* name, const char* data)> handler;
};

// Limits of Device OS 0.8 ... 2.3.1.
constexpr size_t kMaxNameLength = 64;
constexpr size_t kMaxFunctionArgument = 622;
constexpr size_t kMaxEventName = 64;
constexpr size_t kMaxEventData = 622;
constexpr size_t kMaxAppSubscriptions = 4;

struct AppSurface {
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::vector<Subscription> subscriptions;
  ApplicationPage page;  // on SoftAP; null: the default one

  const Variable* find_variable(const std::string& name) const {
    for (const auto& v : variables)
      if (v.name == name) return &v;
    return nullptr;
  }
  const Function* find_function(const std::string& name) const {
    for (const auto& f : functions)
      if (f.name == name) return &f;
    return nullptr;
  }
};

}  // namespace vphoton
