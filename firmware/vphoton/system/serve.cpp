#include "system/serve.h"

namespace vphoton::system {

const SystemFunctions& system_function_list() {
  static const SystemFunctions all = [] {
    SystemFunctions list;
    for (auto* of_table :
         {services_functions,        communication_functions,  hal_functions,        hal_gpio_functions,
          hal_core_functions,        hal_concurrent_functions, hal_dct_functions,    hal_i2c_functions,
          hal_peripherals_functions, hal_socket_functions,     hal_spi_functions,    hal_usart_functions,
          hal_usb_functions,         hal_wlan_functions,       rt_functions,         system_functions,
          system_sleep_functions,    system_cloud_functions,   system_net_functions, hal_can_functions})
      for (const auto& function : of_table()) list.push_back(function);
    return list;
  }();
  return all;
}

}  // namespace vphoton::system
