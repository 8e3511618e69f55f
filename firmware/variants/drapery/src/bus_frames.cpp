#include "bus_frames.h"

namespace {

const uint8_t kStart = 0x55;

uint16_t crc16(const uint8_t* bytes, size_t size) {
  uint16_t crc = 0xFFFF;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<uint16_t>(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
  }
  return crc;
}

}  // namespace

BusFrame::BusFrame(const BusAddress& address, const uint8_t* content, size_t size) {
  bytes_[0] = kStart;
  bytes_[1] = address.low;
  bytes_[2] = address.high;
  memcpy(bytes_ + 3, content, size);
  const uint16_t crc = crc16(bytes_, 3 + size);
  bytes_[3 + size] = static_cast<uint8_t>(crc);
  bytes_[4 + size] = static_cast<uint8_t>(crc >> 8);
  size_ = 5 + size;
}

int BusWindow::value_of(const BusAddress& address, uint8_t first, uint8_t second) const {
  const uint8_t content[] = {first, second, bytes_[5]};
  return ends_with(BusFrame(address, content, sizeof content)) ? content[2] : -1;
}
