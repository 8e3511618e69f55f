#include "system/not_modelled.h"

#include <set>
#include <string>

#include "base/log.h"

namespace vphoton::system {

void not_modelled(const char* name, const char* what_happens) {
  static std::set<std::string> told;
  if (told.insert(name).second) log_warning("%s is not modelled: %s", name, what_happens);
}

}  // namespace vphoton::system
