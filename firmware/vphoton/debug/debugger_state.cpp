// Registers and memory of what a debugger has stopped, by thread.
#include <algorithm>

#include "base/hex.h"
#include "debug/debugger.h"
#include "debug/registers.h"
#include "debug/request.h"
#include "debug/target_memory.h"

namespace vphoton::debug {
namespace {

using machine::Registers;

constexpr size_t kMostMemory = kPacketSize / 2 - 16;  // bytes of an answer in hexadecimal

}  // namespace

uint32_t Debugger::base() const { return program_ ? program_->base() : 0; }

uint32_t Debugger::top() const {
  return base() + (program_ ? std::max<uint32_t>(1, static_cast<uint32_t>(program_->processor().calls())) : 1);
}

uint32_t Debugger::selected() const { return thread_ == 0 ? top() : thread_; }

// Null: there is no such thread, or no application.
const Registers* Debugger::registers_of(uint32_t thread) const {
  if (!program_) return nullptr;
  if (thread == top()) return &program_->processor().regs;
  if (thread > base() && thread < top()) return &program_->processor().interrupted()[thread - base()];
  for (const auto& each : program_->others())
    if (each.number == thread) return each.registers;
  return nullptr;
}

std::string Debugger::all_registers() const {
  const Registers* registers = registers_of(selected());
  std::string text;
  for (const auto& each : kRegisters)
    text += little_endian(registers ? read_register(*registers, each.number) : 0, each.size);
  return text;
}

std::string Debugger::write_all_registers(const std::string& hex) {
  if (!program_ || selected() != top()) return kBadRequest;
  size_t at = 0;
  std::vector<uint32_t> values;
  for (const auto& each : kRegisters) {
    const auto value = at < hex.size() ? from_little_endian(hex.substr(at, 2 * each.size), each.size) : std::nullopt;
    if (!value) return kBadRequest;
    values.push_back(*value);
    at += 2 * each.size;
  }
  for (size_t i = 0; i < values.size(); ++i)
    write_register(program_->processor().regs, kRegisters[i].number, values[i]);
  return kOk;
}

std::string Debugger::read_one_register(const std::string& request) const {
  const auto asked = numbers(request, "p");
  const RegisterPlace* place = asked ? find_register((*asked)[0]) : nullptr;
  if (!place) return kBadRequest;
  const Registers* registers = registers_of(selected());
  return little_endian(registers ? read_register(*registers, place->number) : 0, place->size);
}

std::string Debugger::write_one_register(const std::string& request) {
  const auto asked = numbers(request, "P");
  const RegisterPlace* place = asked ? find_register((*asked)[0]) : nullptr;
  const size_t equals = request.find('=');
  if (!place || equals == std::string::npos || !program_ || selected() != top()) return kBadRequest;
  const auto value = from_little_endian(request.substr(equals + 1), place->size);
  if (!value) return kBadRequest;
  write_register(program_->processor().regs, place->number, *value);
  return kOk;
}

std::string Debugger::read_memory(const std::string& request) {
  const auto asked = numbers(request, "m,");
  if (!asked) return kBadRequest;
  if (!program_) return kNoMemory;
  const std::string bytes =
      readable(program_->processor().memory(), (*asked)[0], std::min<size_t>((*asked)[1], kMostMemory));
  return bytes.empty() && (*asked)[1] != 0 ? kNoMemory : to_hex(bytes);
}

// M with the bytes in hexadecimal, X with the bytes themselves.
std::string Debugger::write_memory(const std::string& request) {
  const size_t colon = request.find(':');
  if (colon == std::string::npos) return kBadRequest;
  const auto asked = numbers(request.substr(0, colon), request[0] == 'M' ? "M," : "X,");
  const std::string body = request.substr(colon + 1);
  const auto data = request[0] == 'M' ? from_hex(body) : std::optional(body);
  if (!asked || !data || data->size() != (*asked)[1]) return kBadRequest;
  if (!program_) return kNoMemory;
  return write(program_->processor().memory(), (*asked)[0], *data) ? kOk : kNoMemory;
}

}  // namespace vphoton::debug
