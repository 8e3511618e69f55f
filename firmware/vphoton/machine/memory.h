// A device's memory: the one checked door between an application and everything it can reach.
//
//     Flash segments           read and executed, shared between devices
//     0x20000000, 82,944 bytes application RAM, read, written and executed
//     0x40024000, 4 KB         backup RAM ("retained")
//     0x40020000, 0x400 each   GPIO ports A ... I, by a Peripheral of the embedder
//     0xE0001004, one word     DWT_CYCCNT, by the same Peripheral
//
// Nothing else is reachable; no bit-band alias, no system control space.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "machine/fault.h"
#include "machine/flash.h"
#include "machine/observer.h"

namespace vphoton::machine {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "memory is little-endian");

constexpr uint32_t kRamBase = 0x20000000;
constexpr uint32_t kRamSize = 0x14400;
constexpr uint32_t kBackupBase = 0x40024000;
constexpr uint32_t kBackupSize = 0x1000;
constexpr uint32_t kGpioBase = 0x40020000;
constexpr uint32_t kGpioSize = 9 * 0x400;  // ports A ... I of the STM32F2
constexpr uint32_t kCycleCounter = 0xE0001004;

// Registers in the application's address space. Addresses are aligned to the size, which is 1, 2 or 4 bytes.
class Peripheral {
 public:
  virtual ~Peripheral() = default;
  virtual uint32_t read(uint32_t address, uint32_t size) = 0;
  virtual void write(uint32_t address, uint32_t size, uint32_t value) = 0;
};

// A range of addresses whose use stops the processor after the instruction that did it.
struct Watchpoint {
  uint32_t address = 0;
  uint32_t size = 0;
  bool reads = false;
  bool writes = false;
};

class Memory {
 public:
  // `peripheral` may be null: then there are no registers. It must outlive this.
  explicit Memory(std::shared_ptr<const Flash> flash, Peripheral* peripheral = nullptr);

  // For the application: T is uint8_t, uint16_t or uint32_t; any alignment outside peripherals.
  // Throws Fault: DataBus, or Unaligned in a peripheral.
  template <typename T>
  T read(uint32_t address) {
    const uint32_t offset = address - kRamBase;
    if (uint64_t{offset} + sizeof(T) <= fast_ram_) return load<T>(ram_.get() + offset);
    const uint32_t code = address - fast_flash_base_;
    if (uint64_t{code} + sizeof(T) <= fast_flash_) return load<T>(fast_flash_bytes_ + code);
    return static_cast<T>(read_anywhere(address, sizeof(T)));
  }

  template <typename T>
  void write(uint32_t address, T value) {
    const uint32_t offset = address - kRamBase;
    if (uint64_t{offset} + sizeof(T) <= fast_ram_)
      std::memcpy(ram_.get() + offset, &value, sizeof value);
    else
      write_anywhere(address, sizeof(T), value);
  }

  // Bytes that lie in application RAM as a whole; null elsewhere, and while anything is watched.
  uint8_t* ram(uint32_t address, uint32_t size) {
    const uint32_t offset = address - kRamBase;
    return uint64_t{offset} + size <= fast_ram_ ? ram_.get() + offset : nullptr;
  }

  // The instruction at an even address. Throws Fault: InstructionBus or InstructionAccess.
  Instruction fetch(uint32_t address) const;

  // For the embedder, which serves calls of the application and never faults: bytes that lie in one region, peripherals
  // and watchpoints apart, or null. `writable` gives null in flash.
  const uint8_t* bytes(uint32_t address, uint32_t size) const;
  uint8_t* writable(uint32_t address, uint32_t size);

  const Flash& flash() const { return *flash_; }
  void set_flash(std::shared_ptr<const Flash> flash);

  // Backup RAM survives a reset, application RAM holds what it held; a power cut clears both.
  void clear();

  void set_watchpoints(std::vector<Watchpoint> watchpoints);
  bool watching() const { return !watchpoints_.empty(); }
  // Null: none. It must outlive this.
  void set_observer(Observer* observer);
  // The address of the first watched access since the last call; whether there was one.
  bool take_watched(uint32_t& address);

 private:
  template <typename T>
  static T load(const uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }

  uint32_t read_anywhere(uint32_t address, uint32_t size);
  void write_anywhere(uint32_t address, uint32_t size, uint32_t value);
  void watch(uint32_t address, uint32_t size, bool write);
  Peripheral* peripheral(uint32_t address, uint32_t size) const;
  void set_fast_paths();

  // What the fast paths reach: nothing while anything is watched or observed.
  uint32_t fast_ram_ = 0;
  uint32_t fast_flash_ = 0;
  uint32_t fast_flash_base_ = 0;
  const uint8_t* fast_flash_bytes_ = nullptr;

  LazyArray<uint8_t> ram_;
  std::unique_ptr<uint8_t[]> backup_;  // no larger than a page
  std::shared_ptr<const Flash> flash_;
  Peripheral* peripheral_;
  std::vector<Watchpoint> watchpoints_;
  Observer* observer_ = nullptr;
  bool watched_ = false;
  uint32_t watched_address_ = 0;
};

}  // namespace vphoton::machine
