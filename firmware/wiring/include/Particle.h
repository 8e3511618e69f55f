// What an application includes.
#pragma once

#include "application.h"
