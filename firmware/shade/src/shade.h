// What a variant includes: the whole library.
#pragma once

#include "shade/driver.h"
#include "shade/shade_device.h"
