// A function of the Wiring API that is there so that firmware compiles, and does nothing a virtual Photon could show.
#pragma once

namespace vphoton {

// Says so on stderr, once for each `name`.
void not_modelled(const char* name, const char* what_happens);

}  // namespace vphoton
