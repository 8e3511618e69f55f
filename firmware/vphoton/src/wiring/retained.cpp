// Retained memory: user_part.cpp in the module says where it is.
#include "core/device.h"

#include "application.h"

extern "C" __attribute__((visibility("default"))) void vphoton_retained_memory(void* begin, size_t size) {
  vphoton::device().attach_retained_memory(begin, size);
}
