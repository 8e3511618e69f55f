#include "system/device.h"

#include <sys/random.h>
#include <time.h>

#include <cerrno>

namespace vphoton {

void Device::delay_us(uint32_t us) {
  timespec left{us / 1000000, static_cast<long>(us % 1000000) * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

uint32_t Device::random_number() {
  uint32_t value = 0;
  while (getrandom(&value, sizeof value, 0) != sizeof value) continue;
  return value;
}

}  // namespace vphoton
