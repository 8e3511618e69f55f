// Prints docs/surface.md from the tables the firmware is compiled from.
#include <cstdio>
#include <string>

#include "shade/controller.h"
#include "shade/surface.h"

namespace {

void entries(shade::SurfaceKind kind, const char* heading, const char* first_column) {
  printf("\n## %s\n\n| %s | type | on | meaning |\n|---|---|---|---|\n", heading, first_column);
  for (const auto& entry : shade::kSurface) {
    if (entry.kind != kind) continue;
    printf("| `%s` | %s | %s | %s |\n", entry.name, entry.type, entry.needs_tilt ? "variants with a tilt" : "all",
           entry.text);
  }
}

}  // namespace

int main() {
  printf(
      "# Cloud surface of the variants\n\n"
      "Made by `./rig surface` from `firmware/shade/src/shade/surface.h` and `codes.h`; do not edit.\n");
  entries(shade::SurfaceKind::Variable, "Variables", "variable");
  entries(shade::SurfaceKind::Function, "Functions", "function");
  printf(
      "\nThe numbers of `calibrate`, by the variant's measure: times in ms to open and to close, %u to %u each "
      "(roller,\n"
      "honeycomb); encoder edges of lift and tilt, %u to %u each (venetian); of no consequence where the motor keeps "
      "its\n"
      "own (drapery).\n",
      shade::Travel::least(shade::Measure::Time), shade::Travel::kMaxNumber + 0,
      shade::Travel::least(shade::Measure::Counts), shade::Travel::kMaxNumber + 0);
  printf("\n## Results of functions below zero\n\n| result | meaning |\n|---|---|\n");
#define RESULT_ROW(identifier, value, text) printf("| %d | %s |\n", value, text);
  SHADE_RESULTS(RESULT_ROW)
  entries(shade::SurfaceKind::Event, "Events", "event");
  printf(
      "\n| cause of `moved` and `tilted` | meaning |\n|---|---|\n"
      "| `arrived` | it is at the target. What stops a roller, and a honeycomb between its "
      "ends, or slips on a venetian's shaft, they do not see |\n"
      "| `assumed` | as far as it can tell it is at the target, but it is not calibrated, or what told it may be "
      "stuck: a limit switch that nothing was seen to close, a motor that stood still on its way to a lost end |\n"
      "| `end` | it met an end before the target, there and on the way back: the calibration is another shade's |\n"
      "| `stopped` | by a command |\n| `fault` | see `shade/fault` |\n| `update`, `reset` | before one |\n");
  printf("\nAll are private. `reset` is the reset reason of Device OS.\n");
  printf("\n## Faults\n\n| code | text | meaning |\n|---|---|---|\n");
#define FAULT_ROW(identifier, code, name, text) printf("| %d | `%s` | %s |\n", code, name, text);
  SHADE_FAULTS(FAULT_ROW)
  printf("\n`move stop` (or `tilt stop`) clears a fault of the motor if it obeys again; until then moves return -3.\n");
  printf("\n## Limits\n\n| what | limit |\n|---|---|\n");
  printf("| name of a variable or function | %zu characters |\n", shade::kMaxSurfaceName);
  printf("| data of an event | %zu bytes |\n", shade::EventQueue::kMaxData - 1);
  printf("| events waiting for the cloud | %zu; then the oldest `%s` gives way, else the oldest |\n",
         shade::EventQueue::kCapacity + 0, shade::event::moved);
  printf("| rate of events | one in %u ms; after a refusal again in %u ms |\n", shade::EventQueue::kSpacingMs + 0,
         shade::EventQueue::kRetryMs + 0);
  printf("| `identify` | %u s |\n", shade::Identifier::kMaxSeconds + 0);
  printf("| `site` | %d bytes |\n", shade::SiteName::kMaxLength + 0);
  printf("| one round of `loop()` while something moves | %u ms, else fault %d |\n",
         shade::Controller::kLongestLoopMs + 0, static_cast<int>(shade::Fault::LoopStalled));
}
