#include "system/varargs.h"

#include <cstring>

namespace vphoton::system {

uint32_t Varargs::word() {
  if (list_ == 0) return application_.argument(next_++);
  list_ += 4;
  return application_.get<uint32_t>(list_ - 4);
}

uint64_t Varargs::two_words() {
  if (list_ == 0)
    next_ = (next_ + 1) & ~1u;
  else
    list_ = (list_ + 7) & ~7u;
  const uint64_t low = word();
  return low | static_cast<uint64_t>(word()) << 32;
}

double Varargs::number() {
  const uint64_t bits = two_words();
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace vphoton::system
