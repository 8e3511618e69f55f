// One call of a function, interrupted after each of its instructions in turn.
//
// The trial runs up to the call and through it one instruction at a time. Before each, the process is copied once for
// each interruption; the copy takes the interruption there and runs to the plan's end. Nothing of the run lies outside
// the process, so the copy is the whole of it.
//
// | interruption | what happens at the instruction |
// |---|---|
// | interrupt | the next event of what the pins are wired to comes now, if it is due within 10 ms |
// | timer     | the next timer of the application expires now |
// | stall     | the application stands still for as long as the plan says, and everything that becomes due happens |
// | thread    | the tick comes now with which another thread, ready within 20 ms and no less urgent, has its turn |
// | power     | the power goes and comes back |
//
// Interrupts are tried where a handler is attached, timers, stalls and other threads where the application lets others
// have their turn. What a handler does cannot depend on an instruction that accesses no memory, nor the other way
// round: an interruption after such a one is the same as before it, and is not tried again. Of power cuts one is tried
// between two effects on the outside, as whatever memory holds is lost.
#pragma once

#include "trial/trial.h"

namespace vphoton::trial {

// Prints a line for the run without an interruption, then one for each interruption, then {"done":…}.
int explore(const Plan& plan, const ModuleImage& image);

}  // namespace vphoton::trial
