// What start-up and Wiring ask of each other.
#pragma once

namespace user_part {

// Whether variables declared `retained` have kept their values; known once constructors run.
bool retained_memory_was_valid();

// Wiring's work behind each loop(): handlers of the application for serial data, the watchdog's check.
void after_loop();

}  // namespace user_part
