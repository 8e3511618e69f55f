// Bytes that survive power loss. A write may be cut at any byte, though Device OS does its best to write a block whole.
#pragma once

#include <stddef.h>

namespace shade {

class Storage {
 public:
  // False: nothing is known about the bytes.
  virtual bool read(int address, void* data, size_t size) = 0;
  virtual bool write(int address, const void* data, size_t size) = 0;
  // While nothing moves: what would otherwise be done in the middle of a write, for as long as it takes.
  virtual void tidy() {}

 protected:
  ~Storage() = default;
};

}  // namespace shade
