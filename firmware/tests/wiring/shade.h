// What the drivers of the variants use of shade: no ports, which need all of Wiring.
#pragma once

#include "shade/driver.h"
#include "shade/record_store.h"
