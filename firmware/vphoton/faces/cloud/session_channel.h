// What a session does to the connection that carries it; tests record it.
#pragma once

#include <string>

#include "faces/cloud/cloud_error.h"

namespace vphoton::cloud {

class SessionChannel {
 public:
  virtual ~SessionChannel() = default;

  // One plaintext message, to become one frame.
  virtual void send(const std::string& plain) = 0;
  // The session is over; the session has already closed itself.
  virtual void drop(CloudError why) = 0;
  // Hello was answered and everything that follows it has been sent.
  virtual void established() = 0;
  // CloudHost::ota_apply() is due once all that was sent has left the process.
  virtual void apply_update_when_written() = 0;
};

}  // namespace vphoton::cloud
