// Negative results of the cloud functions and console commands, and fault codes. Documented in the library's README.
#pragma once

namespace shade {

enum Result {
  kBadArgument = -1,  // not understood or out of range; nothing was changed
  kBusy = -2,         // not while the shade moves; nothing was changed
  kFaulted = -3,      // the driver did not obey; `stop` tries it again
  kNotStored = -4,    // the settings could not be stored; the old ones stay
};

enum class Fault {
  None = 0,
  Driver = 1,        // an output did not obey
  Storage = 2,       // the last settings or position could not be stored
  SettingsLost = 3,  // the stored settings were unreadable at start; cleared by a calibration
};

inline const char* fault_text(Fault fault) {
  switch (fault) {
    case Fault::None:
      return "none";
    case Fault::Driver:
      return "driver";
    case Fault::Storage:
      return "storage";
    case Fault::SettingsLost:
      return "settings_lost";
  }
  return "unknown";
}

}  // namespace shade
