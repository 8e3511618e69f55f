// The interfaces of the shade, on the Wiring API.
#pragma once

#include "Particle.h"
#include "board.h"
#include "clock.h"
#include "guard.h"
#include "indicator.h"
#include "line_port.h"
#include "publisher.h"
#include "softap_http.h"
#include "storage.h"

namespace shade {

class ParticleClock : public Clock {
 public:
  uint32_t now_ms() override { return millis(); }
  uint32_t utc() override { return Time.isValid() ? static_cast<uint32_t>(Time.now()) : 0; }
};

class EepromStorage : public Storage {
 public:
  bool read(int address, void* data, size_t size) override;
  // A block of at most kMaxBlock bytes, whole or not at all.
  bool write(int address, const void* data, size_t size) override;
  void tidy() override;

 private:
  static constexpr size_t kMaxBlock = 48;
};

class CloudPublisher : public Publisher {
 public:
  WaitingEvent* places() override;
  bool ready() override { return Particle.connected(); }
  bool publish(const char* name, const char* data) override;
  Sent sent() override;

 private:
  particle::Future<bool>* last_ = nullptr;
};

// White blinking of the RGB status LED.
class StatusLed : public Indicator {
 public:
  void show(bool lit) override;
  void release() override { RGB.control(false); }
};

// Lines wait in a buffer of its own for room in the system's, so that the loop need not wait for a slow host.
class UsbLinePort : public LinePort {
 public:
  static constexpr int kMaxLine = 512;

  // In listening mode the bytes belong to the system's setup console.
  int read() override { return WiFi.listening() ? -1 : Serial.read(); }
  void write_line(const char* text) override;
  // Hands over what there is room for.
  void pump();
  // Whether a line may wait for the host: as long as no motor depends on the loop.
  void may_wait(bool may) { may_wait_ = may; }
  // Waits, so that what was written last is seen before a reset; at most half a second.
  void flush();

 private:
  static constexpr size_t kWaiting = 1536;

  size_t room() const { return kWaiting - waiting_; }

  char bytes_[kWaiting];
  size_t waiting_ = 0;
  bool may_wait_ = true;
};

// The watchdog's timer, and the pin whose edges keep the board's power stage on.
class LoopGuard : public Guard {
 public:
  static constexpr unsigned kPeriodMs = 100;
  static constexpr pin_t kNoPin = 0xFFFF;

  template <typename T>
  LoopGuard(pin_t permit, void (T::*watch)(), T& watcher) : permit_(permit), timer_(kPeriodMs, watch, watcher) {}

  // An update waits until nothing moves: the cloud is told, and keeps it until updates are enabled again.
  void arm() override;
  void renew() override;
  void disarm() override;

 private:
  const pin_t permit_;
  bool level_ = false;
  Timer timer_;
};

class ParticleBoard : public Board {
 public:
  explicit ParticleBoard(UsbLinePort& port) : port_(port) {}
  void begin();
  const char* device_id() override { return id_; }
  const char* device_os() override { return os_; }
  int reset_reason() override { return System.resetReason(); }
  uint32_t free_memory() override { return System.freeMemory(); }
  bool cloud_connected() override { return Particle.connected(); }
  bool claimed() override;
  int rssi() override { return WiFi.ready() ? static_cast<int>(WiFi.RSSI()) : 0; }
  void reset() override;

 private:
  UsbLinePort& port_;
  char id_[25];
  char os_[16];
};

}  // namespace shade
