#include "debug/registers.h"

#include <cstdio>

#include "machine/memory.h"

namespace vphoton::debug {
namespace {

constexpr unsigned kSp = 13, kPc = 15, kXpsr = 25, kMsp = 26, kPsp = 27, kPrimask = 28, kBasepri = 29, kFaultmask = 30,
                   kControl = 31;
constexpr uint32_t kExceptionNumber = 0x1FF;
constexpr uint32_t kFlashBlock = 0x20000;

uint32_t stack_pointer(const machine::Registers& registers, bool process) {
  return process == registers.process_stack() ? registers.r[kSp] : registers.other_sp;
}

void set_stack_pointer(machine::Registers& registers, bool process, uint32_t value) {
  (process == registers.process_stack() ? registers.r[kSp] : registers.other_sp) = value & ~3u;
}

std::string region(const char* type, uint32_t start, uint64_t length) {
  char text[200];
  const bool flash = std::string(type) == "flash";
  snprintf(text, sizeof text, "<memory type=\"%s\" start=\"0x%x\" length=\"0x%llx\"", type, start,
           static_cast<unsigned long long>(length));
  std::string result = text;
  if (!flash) return result + "/>";
  snprintf(text, sizeof text, "><property name=\"blocksize\">0x%x</property></memory>", kFlashBlock);
  return result + text;
}

}  // namespace

const RegisterPlace* find_register(unsigned number) {
  for (const auto& each : kRegisters)
    if (each.number == number) return &each;
  return nullptr;
}

uint32_t read_register(const machine::Registers& registers, unsigned number) {
  switch (number) {
    case kXpsr:
      return registers.xpsr();
    case kMsp:
    case kPsp:
      return stack_pointer(registers, number == kPsp);
    case kPrimask:
      return registers.primask;
    case kBasepri:
      return registers.basepri;
    case kFaultmask:
      return registers.faultmask;
    case kControl:
      return registers.control;
    default:
      return number <= kPc ? registers.r[number] : 0;
  }
}

void write_register(machine::Registers& registers, unsigned number, uint32_t value) {
  switch (number) {
    case kSp:
      registers.r[kSp] = value & ~3u;
      break;
    case kPc:
      registers.r[kPc] = value & ~1u;
      break;
    case kXpsr:
      registers.set_xpsr((value & ~kExceptionNumber) | registers.ipsr);
      break;
    case kMsp:
    case kPsp:
      set_stack_pointer(registers, number == kPsp, value);
      break;
    case kPrimask:
      registers.primask = value & 1;
      break;
    case kBasepri:
      registers.basepri = value & 0xF0;
      break;
    case kFaultmask:
      registers.faultmask = value & 1;
      break;
    case kControl:
      registers.control = static_cast<uint8_t>((registers.control & 2) | (value & 1));
      break;
    default:
      if (number < kPc) registers.r[number] = value;
  }
}

std::string target_description() {
  std::string text =
      "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
      "<target version=\"1.0\"><architecture>arm</architecture><feature name=\"org.gnu.gdb.arm.m-profile\">";
  for (const auto& each : kRegisters) {
    if (each.number == kMsp) text += "</feature><feature name=\"org.gnu.gdb.arm.m-system\">";
    const char* type = each.number == kPc                                                 ? "code_ptr"
                       : each.number == kSp || each.number == kMsp || each.number == kPsp ? "data_ptr"
                       : each.size == 4                                                   ? "int"
                                                                                          : "int8";
    char line[120];
    snprintf(line, sizeof line, "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%u\" type=\"%s\"/>", each.name, 8 * each.size,
             each.number, type);
    text += line;
  }
  return text + "</feature></target>";
}

std::string memory_map(const machine::Flash& flash) {
  std::string text =
      "<?xml version=\"1.0\"?><!DOCTYPE memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" "
      "\"http://sourceware.org/gdb/gdb-memory-map.dtd\"><memory-map>";
  for (const auto& segment : flash.segments()) text += region("flash", segment.base, segment.bytes.size());
  text += region("ram", machine::kRamBase, machine::kRamSize);
  text += region("ram", machine::kBackupBase, machine::kBackupSize);
  text += region("ram", machine::kGpioBase, machine::kGpioSize);
  text += region("ram", machine::kCycleCounter, 4);
  for (const auto& [base, size] : kSeemingCode) text += region("rom", base, size);
  return text + "</memory-map>";
}

}  // namespace vphoton::debug
