// The line coding a host has set on a pseudo-terminal, as its master side sees it.
//
// In packet mode the master is told of a host's settings while EXTPROC is set. A host that clears that flag with its
// own settings is told of this once more, and no later until it closes the port: so whoever watches asks for the speed
// also when bytes come and when a host leaves, and sets the flag again then.
#pragma once

#include <cstdint>

namespace vphoton {

// Bits/s; 0 when it cannot be told.
uint32_t line_speed(int master);
// Asks for a packet with kSettingsChanged when a host changes its settings. To be called while no host has the port
// open, because a host's settings of that very moment would be undone. False if the system refuses.
bool watch_settings(int master);

// The speed of a port that has just been enumerated. To be called while no host has the port open.
void set_default_speed(int master);

// The first byte of every packet: 0 in front of data, otherwise bits of which this one is of interest.
constexpr uint8_t kSettingsChanged = 0x40;

}  // namespace vphoton
