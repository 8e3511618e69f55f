// What the system finds in a user part: prefix, table of four functions, suffix. The packer fills in the check sums.
#include <_newlib_version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reent.h>

#include "device_os/functions.h"
#include "user_part.h"

// The application's own.
void setup();
void loop();

namespace {

// Device OS 2.3.1, module_info.h.
constexpr uint16_t kModuleVersion = 6;
constexpr uint16_t kPlatformPhoton = 6;
constexpr uint8_t kSystemPart = 4;
constexpr uint8_t kUserPart = 5;
constexpr uint16_t kSystemVersion = 2302;  // 2.3.1

struct Dependency {
  uint8_t function;
  uint8_t index;
  uint16_t version;
};

struct Prefix {
  const void* start;
  const void* end;
  uint8_t reserved;
  uint8_t flags;
  uint16_t module_version;
  uint16_t platform;
  uint8_t function;
  uint8_t index;
  Dependency needs[2];
};
ABI_SIZE(Prefix, 24);

struct __attribute__((packed)) Suffix {
  uint16_t reserved;
  uint8_t sha256[32];
  uint16_t size;  // with the two numbers of the product before it
};
ABI_SIZE(Suffix, 36);

typedef void (*Function)();

// A reset without a loss of power leaves backup RAM as it was. Device OS 2.3.1, user.cpp.
constexpr uint32_t kRetained = 0x9A271C1E;
bool was_retained = false;
__attribute__((section(".retained_signature"), used)) volatile uint32_t retained_signature = kRetained;

}  // namespace

extern "C" {

// Where the linker has put things.
extern char module_end[];
extern char data_begin[], data_end[], data_initial[];
extern char bss_begin[], bss_end[], heap_begin[];
extern char retained_begin[], retained_end[], retained_initial[];
extern Function constructors_begin[], constructors_end[];

}  // extern "C"

namespace {

void* pre_init() {
  memcpy(data_begin, data_initial, static_cast<size_t>(data_end - data_begin));
  memset(bss_begin, 0, static_cast<size_t>(bss_end - bss_begin));
  return heap_begin;
}

// The system's newlib keeps one such structure per thread. It is taken over where it is laid out as ours is; else
// errno and rand() go on with the one in this module.
void take_newlib_state(struct _reent* state, size_t size, uint32_t version, void*) {
  if (size == sizeof(struct _reent) && version >> 24 == __NEWLIB__) _impure_ptr = state;
}

void start_retained() {
  was_retained = retained_signature == kRetained;
  if (!was_retained) memcpy(retained_begin, retained_initial, static_cast<size_t>(retained_end - retained_begin));
}

void refuse(ctrl_request* request) {
  system_ctrl_set_result(request, SYSTEM_ERROR_NOT_SUPPORTED, nullptr, nullptr, nullptr);
}

}  // namespace

// An application may do without one of them.
__attribute__((weak)) void setup() {}
__attribute__((weak)) void loop() {}

// An application's own: called once the cloud has sent a seed.
__attribute__((weak)) void random_seed_from_cloud(unsigned seed) { srand(seed); }

namespace user_part {

bool retained_memory_was_valid() { return was_retained; }

}  // namespace user_part

namespace {

void init() {
  newlib_impure_ptr_callback(take_newlib_state, nullptr);
  start_retained();
  srand(HAL_RNG_GetRandomNumber());
  spark_set_random_seed_from_cloud_handler(random_seed_from_cloud, nullptr);
  system_ctrl_set_app_request_handler(refuse, nullptr);
  set_system_mode(DEFAULT);  // AUTOMATIC, unless SYSTEM_MODE() names another
  for (Function* each = constructors_begin; each != constructors_end; ++each) (*each)();
}

void run_loop() {
  loop();
  user_part::after_loop();
}

struct Table {
  void* (*pre_init)();
  void (*init)();
  void (*setup)();
  void (*loop)();
};
const Table functions = {pre_init, init, setup, run_loop};

#define PLACED(section_name) __attribute__((section(section_name), used))

PLACED(".user_part.prefix")
const Prefix prefix = {
    reinterpret_cast<const void*>(0x080A0000), module_end, 0, 0, kModuleVersion, kPlatformPhoton, kUserPart, 1,
    {{kSystemPart, 2, kSystemVersion}, {}},
};

// Tells the bench which images are of its own build (host/photonrig/particle/module.py). No Photon looks at it.
PLACED(".user_part.builder") const char builder[] = "built by photonrig";

PLACED(".user_part.suffix") const Suffix suffix = {0, {}, 4 + sizeof(Suffix)};

PLACED(".user_part.crc") const uint8_t crc[4] = {};

}  // namespace

// The caller of setup() and loop() as a debugger shows it; no frame lies above.
asm(R"(
  .pushsection .user_part.device_os, "ax", %nobits
  .thumb_func
  .type device_os, %function
device_os:
  .cfi_startproc
  .cfi_undefined lr
  .space 8  // as if the call were in its middle
  .cfi_endproc
  .size device_os, . - device_os
  .popsection
)");

// The first word behind the prefix.
extern "C" {
extern const Table* const user_part_table;
PLACED(".user_part.table") const Table* const user_part_table = &functions;
}
