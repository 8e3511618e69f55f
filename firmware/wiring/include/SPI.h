// Under Arduino's name.
#pragma once

#include "Arduino.h"
