#include "particle_ports.h"

#include <stdio.h>
#include <string.h>

#include "dct_hal.h"
#include "event_queue.h"

namespace shade {

namespace {

bool holds(int address, size_t size) {
  size_t length = EEPROM.length();
  return address >= 0 && size <= length && static_cast<size_t>(address) <= length - size;
}

}  // namespace

bool EepromStorage::read(int address, void* data, size_t size) {
  if (!holds(address, size)) return false;
  for (size_t i = 0; i < size; ++i) static_cast<uint8_t*>(data)[i] = EEPROM.read(address + static_cast<int>(i));
  return true;
}

bool EepromStorage::write(int address, const void* data, size_t size) {
  if (size > kMaxBlock || !holds(address, size)) return false;
  HAL_EEPROM_Put(static_cast<uint32_t>(address), data, size);
  return true;
}

namespace {

retained WaitingEvent waiting[EventQueue::kCapacity];

}  // namespace

WaitingEvent* CloudPublisher::places() { return waiting; }

bool CloudPublisher::publish(const char* name, const char* data) {
  delete last_;
  last_ = new particle::Future<bool>(Particle.publish(name, data, PRIVATE, WITH_ACK));
  return !last_->isFailed();
}

Publisher::Sent CloudPublisher::sent() {
  if (last_ && !last_->isDone()) return Sent::Waiting;
  return last_ && last_->isSucceeded() ? Sent::Arrived : Sent::Lost;
}

// A full page is copied to the other one; the first is erased here, not in the middle of a write.
void EepromStorage::tidy() {
  if (EEPROM.hasPendingErase()) EEPROM.performPendingErase();
}

void StatusLed::show(bool lit) {
  if (!RGB.controlled()) RGB.control(true);
  int level = lit ? 255 : 0;
  RGB.color(level, level, level);
}

void UsbLinePort::write_line(const char* text) {
  if (WiFi.listening()) return;
  char line[kMaxLine + 3];
  size_t length = static_cast<size_t>(snprintf(line, sizeof line, "%.*s\r\n", kMaxLine, text));
  if (room() < length && may_wait_) {
    // One write, so that a line stays whole whatever the system does while a slow host is waited for.
    Serial.write(reinterpret_cast<const uint8_t*>(bytes_), waiting_);
    waiting_ = 0;
  }
  if (room() < length) return;
  memcpy(bytes_ + waiting_, line, length);
  waiting_ += length;
  pump();
}

void UsbLinePort::pump() {
  if (waiting_ == 0) return;
  // Without a host what is written is lost, now as later.
  int room = Serial.isConnected() ? Serial.availableForWrite() : static_cast<int>(waiting_);
  if (room <= 0) return;
  size_t now = static_cast<size_t>(room) < waiting_ ? static_cast<size_t>(room) : waiting_;
  Serial.write(reinterpret_cast<const uint8_t*>(bytes_), now);
  waiting_ -= now;
  memmove(bytes_, bytes_ + now, waiting_);
}

void UsbLinePort::flush() {
  for (uint32_t start = millis(); waiting_ > 0 && millis() - start < 500; delay(1)) pump();
}

void LoopGuard::arm() {
  System.disableUpdates();
  if (permit_ != kNoPin) pinMode(permit_, OUTPUT);
  renew();
  timer_.start();
}

void LoopGuard::renew() {
  if (permit_ == kNoPin) return;
  level_ = !level_;
  digitalWrite(permit_, level_ ? HIGH : LOW);
}

void LoopGuard::disarm() {
  timer_.stop();
  System.enableUpdates();
}

void ParticleBoard::begin() {
  snprintf(id_, sizeof id_, "%s", System.deviceID().c_str());
  snprintf(os_, sizeof os_, "%s", System.version().c_str());
}

bool ParticleBoard::claimed() {
  char claimed = 0;
  return dct_read_app_data_copy(DCT_DEVICE_CLAIMED_OFFSET, &claimed, sizeof claimed) == 0 && claimed == '1';
}

void ParticleBoard::reset() {
  port_.flush();
  Serial.flush();
  System.reset();
}

}  // namespace shade
