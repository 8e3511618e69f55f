// Bytes that survive power loss. A write may be cut at any byte.
#pragma once

#include <stddef.h>

namespace shade {

class Storage {
 public:
  // False: nothing is known about the bytes.
  virtual bool read(int address, void* data, size_t size) = 0;
  virtual bool write(int address, const void* data, size_t size) = 0;

 protected:
  ~Storage() = default;
};

}  // namespace shade
