// A whole window-covering device: what a variant's setup() and loop() call.
#pragma once

#include "console.h"
#include "controller.h"
#include "particle_ports.h"
#include "surface.h"

namespace shade {

class ShadeDevice {
 public:
  // One per firmware; both arguments must stay where they are.
  ShadeDevice(Driver& driver, const Identity& identity);

  void setup();
  void loop();

 private:
  // Storage of the cloud variables; refreshed in every loop, health twice a second.
  struct Variables {
    int position;
    bool moving;
    char variant[16];
    char fw[24];
    char health[200];
  };

#define SHADE_DECLARE_FUNCTION(name, type, text) int name(String argument);
  SHADE_FUNCTIONS(SHADE_DECLARE_FUNCTION)
#undef SHADE_DECLARE_FUNCTION

  void refresh();
  void write_health();
  static void on_system_event(system_event_t event, int param);

  static ShadeDevice* instance_;

  ParticleClock clock_;
  EepromStorage storage_;
  CloudPublisher publisher_;
  StatusLed led_;
  UsbLinePort port_;
  ParticleBoard board_;
  Controller controller_;
  Console console_;
  Variables variables_;
  uint32_t health_written_ms_ = 0;
  bool updated_ = false;
};

}  // namespace shade
