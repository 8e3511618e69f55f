// Compiled into every native user part: what the virtual Photon looks up in it. SYSTEM_MODE and SYSTEM_THREAD override
// the weak defaults.
#include "application.h"

#pragma GCC visibility push(default)

extern "C" {

void vphoton_app_setup() { setup(); }

void vphoton_app_loop() { loop(); }

__attribute__((weak)) int vphoton_app_system_mode() { return DEFAULT; }

__attribute__((weak)) int vphoton_app_system_thread() { return DISABLED; }
}

#pragma GCC visibility pop
