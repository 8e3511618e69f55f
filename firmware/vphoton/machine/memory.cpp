#include "machine/memory.h"

#include <utility>

namespace vphoton::machine {

namespace {

// The default memory map's execute-never regions: peripherals, external devices, system.
bool never_executed(uint32_t address) {
  const uint32_t region = address >> 29;
  return region == 2 || region >= 5;
}

bool within(uint32_t address, uint32_t size, uint32_t base, uint32_t length) {
  return uint64_t{address - base} + size <= length;
}

}  // namespace

Memory::Memory(std::shared_ptr<const Flash> flash, Peripheral* peripheral)
    : ram_(lazy_zeroes<uint8_t>(kRamSize)),
      backup_(std::make_unique<uint8_t[]>(kBackupSize)),
      flash_(std::move(flash)),
      peripheral_(peripheral) {
  set_fast_paths();
}

void Memory::set_flash(std::shared_ptr<const Flash> flash) {
  flash_ = std::move(flash);
  set_fast_paths();
}

void Memory::clear() {
  ram_ = lazy_zeroes<uint8_t>(kRamSize);
  backup_ = std::make_unique<uint8_t[]>(kBackupSize);
}

void Memory::set_fast_paths() {
  const auto* first = flash_->first();
  const bool slow = watching() || observer_ != nullptr;
  fast_ram_ = slow ? 0 : kRamSize;
  fast_flash_ = slow || first == nullptr ? 0 : static_cast<uint32_t>(first->bytes.size());
  fast_flash_base_ = first == nullptr ? 0 : first->base;
  fast_flash_bytes_ = first == nullptr ? nullptr : first->bytes.data();
}

const uint8_t* Memory::bytes(uint32_t address, uint32_t size) const {
  if (within(address, size, kRamBase, kRamSize)) return ram_.get() + (address - kRamBase);
  if (within(address, size, kBackupBase, kBackupSize)) return backup_.get() + (address - kBackupBase);
  if (const auto* segment = flash_->find(address, size)) return segment->bytes.data() + (address - segment->base);
  return nullptr;
}

uint8_t* Memory::writable(uint32_t address, uint32_t size) {
  if (within(address, size, kRamBase, kRamSize)) return ram_.get() + (address - kRamBase);
  if (within(address, size, kBackupBase, kBackupSize)) return backup_.get() + (address - kBackupBase);
  return nullptr;
}

Peripheral* Memory::peripheral(uint32_t address, uint32_t size) const {
  const bool register_there = within(address, size, kGpioBase, kGpioSize) || within(address, size, kCycleCounter, 4);
  if (peripheral_ == nullptr || !register_there) return nullptr;
  if (address % size != 0) throw Fault{FaultKind::Unaligned, address};
  return peripheral_;
}

uint32_t Memory::read_anywhere(uint32_t address, uint32_t size) {
  uint32_t value = 0;
  if (const uint8_t* from = bytes(address, size)) {
    std::memcpy(&value, from, size);
  } else if (Peripheral* registers = peripheral(address, size)) {
    value = registers->read(address, size);
  } else {
    throw Fault{FaultKind::DataBus, address};
  }
  watch(address, size, false);
  if (observer_) observer_->read(address, size);
  return value;
}

void Memory::write_anywhere(uint32_t address, uint32_t size, uint32_t value) {
  if (uint8_t* to = writable(address, size)) {
    std::memcpy(to, &value, size);
  } else if (Peripheral* registers = peripheral(address, size)) {
    registers->write(address, size, value);
  } else {
    throw Fault{FaultKind::DataBus, address};
  }
  watch(address, size, true);
  if (observer_) observer_->written(address, size);
}

Instruction Memory::fetch(uint32_t address) const {
  if (never_executed(address)) throw Fault{FaultKind::InstructionAccess, address};
  const uint8_t* first = bytes(address, 2);
  if (first == nullptr) throw Fault{FaultKind::InstructionBus, address};
  const auto halfword = load<uint16_t>(first);
  if (!is_wide(halfword)) return decode(halfword, 0);
  const uint8_t* second = bytes(address + 2, 2);
  if (second == nullptr) throw Fault{FaultKind::InstructionBus, address + 2};
  return decode(halfword, load<uint16_t>(second));
}

void Memory::set_watchpoints(std::vector<Watchpoint> watchpoints) {
  watchpoints_ = std::move(watchpoints);
  watched_ = false;
  set_fast_paths();
}

void Memory::set_observer(Observer* observer) {
  observer_ = observer;
  set_fast_paths();
}

bool Memory::take_watched(uint32_t& address) {
  if (watched_) address = watched_address_;
  return std::exchange(watched_, false);
}

void Memory::watch(uint32_t address, uint32_t size, bool write) {
  for (const auto& point : watchpoints_) {
    const bool overlaps = address - point.address < point.size || point.address - address < size;
    if (!overlaps || !(write ? point.writes : point.reads) || watched_) continue;
    watched_ = true;
    watched_address_ = address;
  }
}

}  // namespace vphoton::machine
