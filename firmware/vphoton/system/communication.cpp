// Table communication: the cloud protocol's own object, to which an application tells its product.
#include "system/serve.h"

namespace vphoton::system {
namespace {

// Only passed on; not an address where the application has memory.
constexpr uint32_t kProtocol = 0x20014500;

uint32_t instance(Application&) { return kProtocol; }

// What the module's suffix says is what the cloud is told.
void set_product(Application&, uint32_t, uint32_t, uint32_t, uint32_t) {}

}  // namespace

SystemFunctions communication_functions() {
  return {
      serves<instance>("spark_protocol_instance"),
      serves<set_product>("spark_protocol_set_product_id"),
      serves<set_product>("spark_protocol_set_product_firmware_version"),
  };
}

}  // namespace vphoton::system
