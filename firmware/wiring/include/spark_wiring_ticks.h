// Time since start. Both counters wrap at 2^32.
#pragma once

#include <chrono>

#include "device_os/functions.h"

inline system_tick_t millis() { return HAL_Timer_Get_Milli_Seconds(); }
inline unsigned long micros() { return HAL_Timer_Get_Micro_Seconds(); }
// Without a thread of its own, the system keeps running meanwhile.
inline void delay(unsigned long ms) { system_delay_ms(ms, false); }
inline void delay(std::chrono::milliseconds ms) { delay(static_cast<unsigned long>(ms.count())); }
inline void delayMicroseconds(unsigned int us) { HAL_Delay_Microseconds(us); }
inline void delayMicroseconds(std::chrono::microseconds us) { delayMicroseconds(static_cast<unsigned>(us.count())); }
