// The interfaces of the shade, on the Wiring API.
#pragma once

#include "Particle.h"
#include "board.h"
#include "clock.h"
#include "indicator.h"
#include "line_port.h"
#include "publisher.h"
#include "softap_http.h"
#include "storage.h"

namespace shade {

class ParticleClock : public Clock {
 public:
  uint32_t now_ms() override { return millis(); }
};

class EepromStorage : public Storage {
 public:
  bool read(int address, void* data, size_t size) override;
  bool write(int address, const void* data, size_t size) override;
};

class CloudPublisher : public Publisher {
 public:
  bool ready() override { return Particle.connected(); }
  bool publish(const char* name, const char* data) override { return Particle.publish(name, data, PRIVATE); }
};

// White blinking of the RGB status LED.
class StatusLed : public Indicator {
 public:
  void show(bool lit) override;
  void release() override { RGB.control(false); }
};

class UsbLinePort : public LinePort {
 public:
  static constexpr int kMaxLine = 512;

  // In listening mode the bytes belong to the system's setup console.
  int read() override { return WiFi.listening() ? -1 : Serial.read(); }
  void write_line(const char* text) override;
};

class ParticleBoard : public Board {
 public:
  void begin();
  const char* device_id() override { return id_; }
  const char* device_os() override { return os_; }
  int reset_reason() override { return System.resetReason(); }
  uint32_t free_memory() override { return System.freeMemory(); }
  bool cloud_connected() override { return Particle.connected(); }
  bool claimed() override;
  void reset() override;

 private:
  char id_[25];
  char os_[16];
};

}  // namespace shade
