#include "system/services/dialect.h"

#include <cstdlib>
#include <utility>

namespace vphoton {
namespace {

// The version from which on a row holds: major and minor number.
using Release = std::pair<int, int>;

constexpr Release kClaiming{0, 6};
constexpr Release kEnterprise{0, 7};
constexpr Release kDiagnostics{2, 0};

Release release_of(const std::string& version) {
  char* rest = nullptr;
  int major = static_cast<int>(strtol(version.c_str(), &rest, 10));
  int minor = *rest == '.' ? atoi(rest + 1) : 0;
  return {major, minor};
}

}  // namespace

ConsoleDialect ConsoleDialect::of(const std::string& version) {
  Release release = release_of(version);
  return {release >= kClaiming, release >= kEnterprise, release >= kDiagnostics};
}

}  // namespace vphoton
