// A honeycomb shade's own controller: it obeys three dry contacts (D2 up, D3 stop, D4 down), runs its motor to the ends
// by itself, and has two limit switches that also lead to the Photon (D5 open end, D6 closed end; low when closed).
//
// The contacts are relays, whose coils the permit line on A0 supplies. A contact that is closed for too short a time is
// none to the controller, and one that stays closed opens its programming mode, in which it obeys nothing.
#pragma once

#include <string>
#include <vector>

#include "worlds/model.h"
#include "worlds/permit_stage.h"

namespace vphoton {

class ContactController : public Model {
 public:
  ContactController(World& world, Ports ports);
  ~ContactController() override;

  std::vector<std::string> fault_names() const override {
    return {"stall", "open_end_missing", "closed_end_held", "shorted_switches", "ignores_stop"};
  }
  void pin_changed(int pin) override;
  void disturbed() override { update(); }
  std::string parts() const override;
  ShadeBody* body(const std::string& part) override { return part == "lift" ? &body_ : nullptr; }

 private:
  struct Switch {
    int pin;
    bool closed = false;
    int bounces = 0;
    Reactor::TimerId timer = 0;
  };
  struct Relay {
    int pin;
    bool coil = false;
    bool closed = false;
    Reactor::TimerId timer = 0;
  };

  void update_coils();
  void contacts_changed();
  void obey(int pin);
  uint32_t& programming() { return world_.numbers[0]; }
  void update();
  void set(Switch& it, bool closed);
  void bounce(Switch& it);

  ShadeBody body_;
  PermitStage permit_;
  Relay relays_[3]{{2}, {3}, {4}};
  Reactor::TimerId press_ = 0;       // until a contact counts
  Reactor::TimerId long_press_ = 0;  // until it was held for too long
  Switch open_end_{5};
  Switch closed_end_{6};
  Reactor::TimerId next_ = 0;
};

}  // namespace vphoton
