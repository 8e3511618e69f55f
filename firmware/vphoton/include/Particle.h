// What firmware includes: the Wiring API of Device OS 2.3.1 as far as the virtual Photon models it.
#pragma once

#include "application.h"
