// What requests of GDB's protocol and their answers are made of: numbers in hexadecimal, values in the target's byte
// order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vphoton::debug {

constexpr char kOk[] = "OK";
constexpr char kBadRequest[] = "E01";
constexpr char kNoMemory[] = "E0e";

bool begins(const std::string& text, const char* with);
// Numbers of a request, hexadecimal and each with the character before it: "m20000000,4" from the 'm' on is
// {0x20000000, 4} with separators "m,". Nothing if it looks otherwise.
std::optional<std::vector<uint32_t>> numbers(const std::string& text, const char* separators);
std::string number(uint32_t value);
// In the byte order of the target, as registers are sent; `size` in bytes, at most 4.
std::string little_endian(uint32_t value, unsigned size);
std::optional<uint32_t> from_little_endian(const std::string& hex, unsigned size);

}  // namespace vphoton::debug
