// Functions of the system for the application: a C++ function of the same parameters, with the application before them.
//
//     int32_t gpio_read(Application&, uint16_t pin) { … }
//     … serves<gpio_read>("HAL_GPIO_Read") …
//
// Arguments come from registers and stack as the AAPCS passes them, the result goes to r0 and r1. Pointers are numbers.
#pragma once

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <vector>

#include "system/application.h"

namespace vphoton::system {

struct SystemFunction {
  const char* name;  // as in dynalib.tsv
  void (*serve)(Application&);
  unsigned words;  // how many words its arguments take
};

namespace detail {

class Arguments {
 public:
  explicit Arguments(Application& application) : application_(application) {}

  template <typename T>
  T take() {
    static_assert(std::is_arithmetic_v<T>, "addresses are numbers");
    static_assert(!std::is_floating_point_v<T>, "no function of the system takes one");
    if constexpr (sizeof(T) == 8) {
      next_ = (next_ + 1) & ~1u;
      const uint64_t low = application_.argument(next_++);
      return static_cast<T>(low | static_cast<uint64_t>(application_.argument(next_++)) << 32);
    } else {
      return static_cast<T>(application_.argument(next_++));
    }
  }

 private:
  Application& application_;
  unsigned next_ = 0;
};

template <typename T>
constexpr void count(unsigned& words) {
  if (sizeof(T) == 8) words = (words + 1) & ~1u;
  words += sizeof(T) == 8 ? 2 : 1;
}

template <auto Function, typename Result, typename... Parameters>
SystemFunction make(const char* name, Result (*)(Application&, Parameters...)) {
  unsigned words = 0;
  (count<Parameters>(words), ...);
  auto serve = [](Application& application) {
    Arguments arguments(application);
    std::tuple<Parameters...> values{arguments.take<Parameters>()...};
    auto apply = [&application](auto... each) { return Function(application, each...); };
    if constexpr (std::is_void_v<Result>) {
      std::apply(apply, values);
    } else {
      const Result result = std::apply(apply, values);
      auto& r = application.processor().regs.r;
      if constexpr (sizeof(Result) == 8) {
        r[0] = static_cast<uint32_t>(result);
        r[1] = static_cast<uint32_t>(static_cast<uint64_t>(result) >> 32);
      } else {
        r[0] = static_cast<uint32_t>(result);  // sign or zeroes, by its type
      }
    }
  };
  return {name, serve, words};
}

}  // namespace detail

template <auto Function>
SystemFunction serves(const char* name) {
  return detail::make<Function>(name, Function);
}

// One for each table of dynalib.tsv that has functions here.
using SystemFunctions = std::vector<SystemFunction>;
SystemFunctions services_functions();
SystemFunctions communication_functions();
SystemFunctions hal_functions();
SystemFunctions hal_gpio_functions();
SystemFunctions hal_can_functions();
SystemFunctions hal_core_functions();
SystemFunctions hal_concurrent_functions();
SystemFunctions hal_dct_functions();
SystemFunctions hal_i2c_functions();
SystemFunctions hal_peripherals_functions();
SystemFunctions hal_socket_functions();
SystemFunctions hal_spi_functions();
SystemFunctions hal_usart_functions();
SystemFunctions hal_usb_functions();
SystemFunctions hal_wlan_functions();
SystemFunctions rt_functions();
SystemFunctions system_functions();
SystemFunctions system_sleep_functions();
SystemFunctions system_cloud_functions();
SystemFunctions system_net_functions();

// All of them.
const SystemFunctions& system_function_list();

}  // namespace vphoton::system
