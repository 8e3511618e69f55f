// Frames of Dooya's agreement, protocol version A4, sections 5.1 and 5.2 (address 12 34), and of
// wirenboard/wb-mqtt-serial, test/dooya_test.cpp and dooya_device.cpp (addresses 01 00 and 01 01); nothing here is
// asked of the code under test.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace dooya {

inline std::string bytes(const std::string& hex) {
  std::string result;
  for (size_t i = 0; i < hex.size(); i += 3)
    result += static_cast<char>(strtoul(hex.substr(i, 2).c_str(), nullptr, 16));
  return result;
}

inline const std::string kOpen = bytes("55 12 34 03 01 AD 8A");
inline const std::string kClose = bytes("55 12 34 03 02 ED 8B");
inline const std::string kStop = bytes("55 12 34 03 03 2C 4B");
inline const std::string kTo30 = bytes("55 12 34 03 04 1E C8 E5");
inline const std::string kRefused = bytes("55 12 34 03 04 FF 08 AD");
inline const std::string kAskPosition = bytes("55 12 34 01 02 01 2B 4D");
inline const std::string kAskStatus = bytes("55 12 34 01 05 01 29 7D");
inline const std::string kAt30 = bytes("55 12 34 01 01 1E 6A 75");
inline const std::string kNoTravel = bytes("55 12 34 01 01 FF AA 3D");
inline const std::string kZero = bytes("55 12 34 01 01 00 EA 7D");
inline const std::string kOne = bytes("55 12 34 01 01 01 2B BD");

// The agreement has no example of it: with the CRC by hand of kZero's neighbours, checked by the two above.
inline std::string content(int value) {
  std::string frame = bytes("55 12 34 01 01") + static_cast<char>(value);
  unsigned crc = 0xFFFF;
  for (char byte : frame) {
    crc ^= static_cast<uint8_t>(byte);
    for (int i = 0; i < 8; ++i) crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
  }
  return frame + static_cast<char>(crc) + static_cast<char>(crc >> 8);
}

}  // namespace dooya
