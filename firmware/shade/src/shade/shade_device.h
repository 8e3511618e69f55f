// A whole window-covering device: what a variant's setup() and loop() call.
#pragma once

#include "console.h"
#include "controller.h"
#include "particle_ports.h"
#include "setup_page.h"
#include "surface.h"

namespace shade {

class ShadeDevice {
 public:
  // One per firmware; the drivers must stay where they are. A null `tilt`: nothing tilts.
  ShadeDevice(Driver& driver, const Identity& identity, Driver* tilt = nullptr);

  void setup();
  void loop();

  // For STARTUP(), before SoftAP may start: the installer's page and what makes reset reasons known.
  static void before_setup();

 private:
  // Storage of the cloud variables; refreshed in every loop, health twice a second.
  struct Variables {
    int position;
    bool moving;
    int tilt;
    char variant[16];
    char fw[40];
    char site[SiteName::kMaxLength + 1];
    char health[200];
  };

#define SHADE_DECLARE_FUNCTION(name, type, text) int name(String argument);
  SHADE_FUNCTIONS(SHADE_DECLARE_FUNCTION)
  SHADE_TILT_FUNCTIONS(SHADE_DECLARE_FUNCTION)
#undef SHADE_DECLARE_FUNCTION

  void refresh();
  void write_health();
  void watch() { controller_.watch(); }
  static void on_system_event(system_event_t event, int param);
  static void on_page(const char* url, ResponseCallback* respond, void* argument, Reader* body, Writer* page, void*);

  static ShadeDevice* instance_;

  ParticleClock clock_;
  EepromStorage storage_;
  CloudPublisher publisher_;
  StatusLed led_;
  UsbLinePort port_;
  ParticleBoard board_;
  Controller controller_;
  Console console_;
  Timer watchdog_;
  Variables variables_;
  uint32_t health_written_ms_ = 0;
  bool was_moving_ = false;
  bool updated_ = false;
};

}  // namespace shade
