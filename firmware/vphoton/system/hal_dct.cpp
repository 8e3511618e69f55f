// Table hal_dct: the device's configuration, to be read.
#include "system/serve.h"

namespace vphoton::system {
namespace {

int32_t read(Application& app, uint32_t offset, uint32_t to, uint32_t size) {
  return app.device().read_dct(offset, app.writable(to, size), size) ? 0 : -1;
}

}  // namespace

SystemFunctions hal_dct_functions() { return {serves<read>("dct_read_app_data_copy")}; }

}  // namespace vphoton::system
