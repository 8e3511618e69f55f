// Device OS's functions by their place in its tables: firmware/abi/dynalib.tsv, compiled in.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace vphoton::system {

struct DynalibFunction {
  std::string_view table;
  uint32_t pointer_at;  // address of the word that points to the table
  uint32_t index;
  std::string_view name;  // "(empty)": a slot without a function
  std::string_view signature;
};

// Those of the system, not the application's own, in the order of the file.
const std::vector<DynalibFunction>& dynalib();

}  // namespace vphoton::system
