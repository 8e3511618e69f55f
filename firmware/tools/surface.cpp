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
  printf(
      "\n`calibrate learn` goes up to the open end and waits at most %u minutes for `calibrate mark` of whoever sees "
      "that "
      "it\nis there; then to the closed end and waits again; then up, to count once more, and the tilt likewise. "
      "`calibrate\ncancel`, a stop, a fault and whatever else comes in between give it up, and the calibration before "
      "stays. Moves\nreturn -2 meanwhile.\n",
      shade::Learning::kPatienceMs / 60000);
  printf(
      "\n| argument of `schedule` | meaning |\n|---|---|\n"
      "| `1 12345 07:30 40` | entry 1 of %d: Monday to Friday, half past seven, to 40 |\n"
      "| `2 1234567 sunset-30 0` | every day, so many minutes (%d at most) before or after `sunrise` or `sunset` |\n"
      "| `2 off`, `clear` | without entry 2; without any |\n"
      "| `zone CET-1CEST,M3.5.0,M10.5.0/3` | the local time, as POSIX writes it in TZ |\n"
      "| `place 52.52 13.40` | degrees north and east, for the sun |\n"
      "\nThe shade moves by its own clock, with the cloud or without; a power cut takes the time until the cloud is "
      "there\nagain (`time` in `health`). A move that is refused is tried for %u minutes.\n"
      "\n`owner none`, and another name than before, make it forget `site`, `groups`, `schedule` and the events that "
      "wait.\nA factory reset does the same. SETUP held for ten seconds sets `release` in `shade/owner` until then.\n"
      "\nA private event `shade/to/<group>` with `move 40`, `tilt 40` or `identify 5` reaches the members of a "
      "group.\n",
      shade::Schedule::kEntries + 0, shade::Schedule::kMostBeside + 0, shade::Controller::kScheduledS / 60);
  printf("\n## Results of functions below zero\n\n| result | meaning |\n|---|---|\n");
#define RESULT_ROW(identifier, value, text) printf("| %d | %s |\n", value, text);
  SHADE_RESULTS(RESULT_ROW)
  entries(shade::SurfaceKind::Event, "Events", "event");
  printf(
      "\n| cause of `moved` and `tilted` | meaning |\n|---|---|\n"
      "| `arrived` | at the target. An obstacle that stops a roller, or a honeycomb between its ends, and slip on a "
      "venetian's shaft are not sensed |\n"
      "| `assumed` | probably at the target: the shade is not calibrated, or its sensor may be stuck (a limit switch "
      "that was never seen to close, a motor that stood still on its way to a lost end), or its motor heard late of "
      "the stop |\n"
      "| `end` | an end was met before the target, there and on the way back: the calibration is wrong |\n"
      "| `stopped` | by a command |\n| `fault` | see `shade/fault` |\n| `update`, `reset` | before one |\n");
  printf("\nAll are private. `reset` is the reset reason of Device OS.\n");
  printf("\n## Faults\n\n| code | text | meaning |\n|---|---|---|\n");
#define FAULT_ROW(identifier, code, name, text) printf("| %d | `%s` | %s |\n", code, name, text);
  SHADE_FAULTS(FAULT_ROW)
  printf("\n`move stop` (or `tilt stop`) clears a fault of the motor if it obeys again; until then moves return -3.\n");
  printf("\n## Limits\n\n| what | limit |\n|---|---|\n");
  printf("| name of a variable or function | %zu characters |\n", shade::kMaxSurfaceName);
  printf("| data of an event | %zu bytes |\n", shade::EventQueue::kMaxData - 1);
  printf(
      "| events waiting for the cloud | %zu, over a reset too, until it has acknowledged them; then the oldest `%s` or "
      "`%s` gives way, last a `%s` or `%s` |\n",
      shade::EventQueue::kCapacity + 0, shade::event::moved, shade::event::tilted, shade::event::fault,
      shade::event::owner);
  printf("| rate of events | one in %u ms; after a refusal again in %u ms |\n", shade::EventQueue::kSpacingMs + 0,
         shade::EventQueue::kRetryMs + 0);
  printf("| `identify` | %u s |\n", shade::Identifier::kMaxSeconds + 0);
  printf("| `site` | %zu bytes |\n", shade::SiteName::kMaxLength + 0);
  printf("| one round of `loop()` while something moves | %u ms, else fault %d |\n",
         shade::Controller::kLongestLoopMs + 0, static_cast<int>(shade::Fault::LoopStalled));
}
