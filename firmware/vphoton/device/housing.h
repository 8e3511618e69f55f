// What a Photon is in: a process of its own, or a rack with others. What happens outside of it when it resets or its
// power goes.
#pragma once

#include "base/turns.h"
#include "device/resume.h"

namespace vphoton {

class Housing {
 public:
  virtual ~Housing() = default;
  // Null: the thread is the Photon's own.
  virtual Turns* turns() = 0;
  // Shared with other Photons: then the state folder is locked by the housing, and serial port and SoftAP ports are
  // opened on request.
  virtual bool shared() const = 0;
  // See CloudHost::may_connect(); the attempt that was allowed is over.
  virtual bool may_connect() { return true; }
  virtual void connect_over() {}
  // The Photon starts anew with this.
  [[noreturn]] virtual void restart(const Resume& next) = 0;
  // The power is gone.
  [[noreturn]] virtual void off() = 0;
};

}  // namespace vphoton
