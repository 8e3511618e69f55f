// How well a network is heard.
#pragma once

#include "device_os/network.h"

namespace particle {

class Signal {
 public:
  virtual ~Signal() = default;
  virtual hal_net_access_tech_t getAccessTechnology() const = 0;
  virtual float getStrength() const = 0;  // percent
  virtual float getStrengthValue() const = 0;
  virtual float getQuality() const = 0;  // percent
  virtual float getQualityValue() const = 0;
};

}  // namespace particle
