// A whole window-covering device: what a variant's setup() and loop() call.
#pragma once

#include "console.h"
#include "controller.h"
#include "image_trial.h"
#include "page_desk.h"
#include "particle_ports.h"
#include "setup_page.h"
#include "surface.h"
#include "wall_keys.h"

namespace shade {

struct KeyPins {
  pin_t up = LoopGuard::kNoPin, stop = LoopGuard::kNoPin, down = LoopGuard::kNoPin;
};

class ShadeDevice {
 public:
  // One per firmware; the drivers must stay where they are. A null `tilt`: nothing tilts. `permit`: the pin whose
  // edges, ten a second, keep the board's power stage on; a level, whichever, switches it off within half a second.
  // `keys`: contacts to ground on the wall.
  ShadeDevice(Driver& driver, const Identity& identity, Driver* tilt = nullptr, pin_t permit = LoopGuard::kNoPin,
              const KeyPins& keys = KeyPins());

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
    char groups[Household::Groups::kMaxLength + 1];
    char schedule[300];
    char health[240];
  };

#define SHADE_DECLARE_FUNCTION(name, type, text) int name(String argument);
  SHADE_FUNCTIONS(SHADE_DECLARE_FUNCTION)
  SHADE_TILT_FUNCTIONS(SHADE_DECLARE_FUNCTION)
#undef SHADE_DECLARE_FUNCTION

  void refresh();
  void write_health();
  void watch() { controller_.watch(); }
  void serve_page();
  void look_at_keys();
  void on_addressed(const char* name, const char* data) { controller_.addressed(name, data ? data : ""); }
  static void on_system_event(system_event_t event, int param);
  static void on_button(system_event_t event, int param);
  static void on_page(const char* url, ResponseCallback* respond, void* argument, Reader* body, Writer* page, void*);

  static ShadeDevice* instance_;

  ParticleClock clock_;
  EepromStorage storage_;
  CloudPublisher publisher_;
  StatusLed led_;
  UsbLinePort port_;
  ParticleBoard board_;
  LoopGuard guard_;
  Controller controller_;
  Console console_;
  PageDesk desk_;
  Variables variables_;
  ImageTrial trial_;
  const KeyPins key_pins_;
  WallKeys keys_;
  uint32_t household_shown_ = 0xFFFFFFFF;
  uint32_t health_written_ms_ = 0;
};

}  // namespace shade
