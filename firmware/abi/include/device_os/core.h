// Registers of the processor that libraries use to count cycles. Armv7-M; named as in CMSIS.
#pragma once

#include "layout.h"

struct DWT_Type {
  volatile uint32_t CTRL;
  volatile uint32_t CYCCNT;  // cycles, 120 a microsecond
};
ABI_FIELD(DWT_Type, CYCCNT, 4);

struct CoreDebug_Type {
  volatile uint32_t DHCSR, DCRSR, DCRDR, DEMCR;
};
ABI_FIELD(CoreDebug_Type, DEMCR, 12);

#define DWT ((DWT_Type*)0xE0001000)
#define CoreDebug ((CoreDebug_Type*)0xE000EDF0)
#define CoreDebug_DEMCR_TRCENA_Msk (1UL << 24)
#define DWT_CTRL_CYCCNTENA_Msk (1UL << 0)
