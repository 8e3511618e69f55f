// The functions of Device OS that Wiring calls, with C linkage.
#pragma once

#include <sys/time.h>
#include <time.h>

#include "buses.h"
#include "can.h"
#include "cloud.h"
#include "core.h"
#include "led.h"
#include "log.h"
#include "network.h"
#include "pins.h"
#include "serial.h"
#include "sleep.h"
#include "sockets.h"
#include "system.h"
#include "threads.h"

struct _reent;
class Stream;

// Made by the build from dynalib.tsv: every function whose types are declared here.
#include "prototypes.h"
