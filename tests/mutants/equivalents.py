"""Mutants that no test can find, because the program does the same with them; each with its reason."""

from __future__ import annotations

import re

from .operators import Change

__all__ = ["EQUIVALENT", "reason_of"]

# Of the file's name, of what was changed (its line before, an arrow, its line after), and why.
EQUIVALENT: tuple[tuple[str, str, str], ...] = (
    (
        r".*\.h",
        r"(?:volatile )?u?int\d+_t \w+_ms_ = 0;.* = 1;.*",
        "a time that is read only after it was set",
    ),
    (
        r"event_queue.cpp",
        r"memset\(&place, .*",
        "the texts end where they end; the checksum is made over what is there",
    ),
    (r"schedule.cpp", r"text\[0\] = .*", "`zone ` is always written"),
    (
        r"motion.cpp",
        r"if \(seen.measured < 0 \|\| !known_ .*  ->  .*measured <(?:= 0|  ?1) \|\|.*",
        "0 lies in the end's zone as well",
    ),
    (
        r"json_writer.cpp",
        r"if \(size == 0 \|\| size > left\).*size == 0 && size.*",
        "the loop that follows finds the text's end",
    ),
    (r"schedule.cpp", r".*entry.when <=? 6000 .*", "no entry lies between 4180 and 7820"),
    (r"time_zone.cpp", r"bool saves = begin < end .*begin <= end.*", "both changes never fall into the same minute"),
    (r"contact_drive.cpp", r"if \(other < due\) due = other;.*<=.*", "the same number"),
    (r"encoder_drive.cpp", r"count = count < 0 .*count <= 0 .*", "0 stays 0"),
    (r"encoder_drive.cpp", r"if \(duty > most\).*duty >= most.*", "where both are the same the result is"),
    (
        r"encoder_drive.cpp",
        r"if \(running_ && duty != duty_\).*running_ \|\| .*",
        "the same duty once more; off, tick() does not come here",
    ),
    (r"encoder_drive.h", r"int32_t aim_ = 0;.*", "set by each run before it is read"),
    (r"bus_motor.h", r"int tries_ = 0;.*", "set with each question"),
    (r"bus_motor.h", r"bool (?:noise_|finding_|arrived_) = false;.*", "set by each question or run before it is read"),
    (r"bus_motor.cpp", r"return since >= whole \? .* since > whole \? .*", "0 by either way"),
    (r"console.cpp", r".*sizeof list - length.*sizeof list \+ length.*", "the list is far shorter than its buffer"),
    (r"controller.h", r"bool answered_ = false;.*", "set with each question"),
    (r"event_queue.cpp", r"for \(size_t i = victim \+ 1;.*victim [+-] 0;.*", "none is less important than itself"),
    (r"schedule.cpp", r"return false;  ->  return true;", "what must follow is not read from there, and is missing"),
    (r"schedule.cpp", r"int magnitude = value < 0 .*value <= 0.*", "0 has no sign"),
    (r"time_zone.cpp", r"int magnitude = minutes < 0 .*minutes <= 0.*", "0 has no sign"),
    (
        r"time_zone.cpp",
        r"(?:int32_t after|if \(day >= day_of\(year \+ 1).*\(year \+ 1, 0, 1\).*",
        "only ever asked of December",
    ),
    (
        r"settings_store.cpp",
        r"put_number\(record.payload.*, (?:2|3|4)\);  ->  put_number\(.*, (?:6|9|12)\);",
        "the bytes behind are written after it, or are none of the record's",
    ),
    (r"thermal_budget.cpp", r"if \(ms > kMost / 100\).*kMost / 33\).*", "beyond any budget by far"),
    (r"thermal_budget.cpp", r"if \(heat_ms_ > kMost\).*>= kMost.*", "the same number"),
    (r"encoder_drive.h", r"(?:int32_t from_ = 0|bool to_end_ = false);.*", "set by each run before it is read"),
    (r"encoder_drive.h", r"volatile bool cut_ = false;.*", "cleared by each run"),
    (r"encoder_drive.cpp", r"bool running = false;.*", "set in the block that follows"),
    (r"bus_motor.cpp", r"const int kObeyed = .*", "any value but FF, the refusal"),
    (r"bus_motor.cpp", r".*off > 0.*  ->  .*off > 1.*", "both are whole per cents"),
    (r"encoder_drive.cpp", r"pinMode\(pin, OUTPUT\);  ->  .*", "analogWrite() makes it an output"),
    (r"radio_remote.cpp", r"left_ = 1;  ->  .*", "one frame less than none ends it as well"),
    (
        r"radio_remote.cpp",
        r"(?:uint32_t sum = 0;|for \(uint32_t word : wave_\)).*",
        "any sum that differs with each word",
    ),
    (r"schedule.h", r"int16_t when = 0;.*", "read only where an entry has days"),
    (r"schedule.cpp", r"Sun& sun = suns_\[day % 3\];.*% 1.*", "a smaller cache: the same sun, computed again"),
    (
        r"settings_store.cpp",
        r"read.tilt = .*get_number\(record.payload \+ 2, 2\).*, 6\).*",
        "16 bits are kept of it",
    ),
    (r"board_record.cpp", r"for \(int slot = 0; slot < 2.*slot < 6;.*", "no other record has its tag"),
    (r"sun.cpp", r".*square / 72.*square / 216.*", "less than a second of the sun's way"),
    (
        r"sun.cpp",
        r"if \(!\(hour > -1.0f && hour < 1.0f\)\).*(?:>= -1|<= 1).*",
        "the sun at exactly that height all day",
    ),
    (r"time_zone.cpp", r"for \(value = 0;.*value < most;.*", "a digit that is left is no name and no colon"),
    (r"bus_motor.cpp", r"bool sends = false;.*", "set in the block that follows"),
    (r"bus_motor.cpp", r"release\(\);  ->  .*", "the timer has let go of the line by then"),
    (r"encoder_drive.cpp", r"count = count < 0 .*(?:count >= most|count < 1).*", "the same number"),
    (r"encoder_drive.cpp", r"nearest_ = ahead\(\);  ->  .*", "set_aim() has just set it"),
    (
        r"encoder_drive.h",
        r"(?:volatile )?u?int32_t (?:counts_|count_|nearest_|coasted_) = .*",
        "set before a run reads it",
    ),
    (r"image_trial.h", r"static constexpr uint32_t kMark .*", "any number that memory hardly holds by chance"),
    (r"motion.cpp", r"if \(measured >= 0\).*measured <= kOpen.*", "the same number"),
    (r"motion.cpp", r"uint32_t own = elapsed >= length.*elapsed > length.*", "0 by either way"),
    (r"motion.h", r"(?:bool corrected_|int leg_to_) = .*", "set by each move before it is read"),
    (r"record_store.cpp", r"if \(found && .*< 0\).*<= 0\).*", "two slots never have the same number"),
    (r"record_store.cpp", r"put_number\(slot \+ checksum.*, 12\);", "the bytes behind the slot are not written"),
    (r"schedule.cpp", r"while .*whole <= 180\).*whole < 180\).*", "a digit more is out of range as well"),
    (r"schedule.cpp", r"put_number\(at \+ 1, .*, 6\);", "the bytes behind are written after it, or not at all"),
    (r"schedule.cpp", r"if \(entry.when < 1440\).*<= 1440\).*", "no entry has 1440"),
    (r"schedule.cpp", r"int magnitude = value < 0 .*value < 1.*", "0 has no sign"),
    (r"schedule.cpp", r"if \(done_ == 0 .*done_ == 1 .*", "since 1970 more than a quarter of an hour has passed"),
    (r"schedule.cpp", r"sun.day = day;  ->  .*", "the same sun, computed again"),
    (r"schedule.h", r"int32_t day = -1;.*-0;", "nobody asks for 1970-01-01"),
    (r"sun.cpp", r"float equation = .*ascension - 180.0f.*", "a whole turn more"),
    (
        r"sun.cpp",
        r"if \(!\(hour > -1.0f \|\| .*|if \(!\(hour > -1.0f && .*\|\| hour.*",
        "no number ends the next round",
    ),
    (r"thermal_budget.cpp", r"if \(ms > kMost / 100\).*>= kMost / 100\).*", "the same number"),
    (r"time_zone.cpp", r"if \(day < day_of\(year, 1, 1\)\).*\(year, 0, 1\).*", "only ever asked of December"),
    (r"time_zone.cpp", r"int floor_divide.*value (?:> 0|>= 1) \?.*", "0 by either way"),
    (r"time_zone.cpp", r"int weekday_of.*\+ 21\) % 7.*", "two weeks more"),
    (r"bus_motor.cpp", r"if \(ask == Ask::Go && aim > 0 .*aim > 1 .*", "aims are whole per cents"),
    (
        r"radio_remote.cpp",
        r"kChannels >> 8, kChannels & 0xFF.*& (?:85|765).*",
        "the first channel has none of these bits",
    ),
    (r"schedule.cpp", r"l\w+_ = static_cast<int16_t>\(get_number\(.* 6\)\);", "16 bits are kept of it"),
    (r"schedule.cpp", r"for \(Sun& sun : suns_\) sun.day = -1;.*-0;", "nobody asks for 1970-01-01"),
    (r"record_store.cpp", r"if \(found && .*< 0\).*< 1\).*", "two slots never have the same number"),
    (r"thermal_budget.cpp", r"heat_ms_ -= cooled < .*cooled <= .*", "the same number"),
    (r"thermal_budget.cpp", r"if \(heat_ms_ > most\).*>= most\).*", "the same number"),
    (r"time_zone.cpp", r"int magnitude = minutes < 0 .*minutes < 1.*", "0 has no sign"),
    (r"motion.h", r"uint16_t furthest_ = 0;.*", "set by each run before it is read"),
    (r"driver.h", r".*kNothingDue = .*(?:1431655765|12884901885);", "longer than any leg takes"),
    (r"driver.h", r"virtual uint32_t way\(\) .*", "asked only where edges are counted, of drivers that have their own"),
    (r"schedule.cpp", r"while .*whole <= 180\).*whole <= (?:60|540)\).*", "more than 18 has no third digit in range"),
    (r"schedule.h", r"int16_t latitude_ = 0, longitude_ = 0;.*", "read only where there is a place"),
    (r"schedule.cpp", r"latitude_ = longitude_ = 0;.*= 1;", "read only where there is a place"),
    (r"schedule.h", r"uint8_t target = 0;.*", "read only where an entry has days"),
    (r"schedule.cpp", r"put_number\(record.payload \+ TimeZone.*, 6\);", "the bytes behind are 0, or written after it"),
    (r"schedule.cpp", r"uint32_t number = 0;.*", "read only where it was set"),
    (
        r"schedule.cpp",
        r"if \(!read_number\(text, ':', 23,.*return true;",
        "what must follow is not read from there, and is missing",
    ),
    (r"schedule.cpp", r"for \(int day = 0; day < 7;.*day (?:<= 7|< 21);.*", "an entry has seven bits of days"),
    (r"schedule.cpp", r"length \+= .*size \+ length,.*", "the list is shorter than its buffer"),
    (r"controller.h", r"uint32_t run_s_ = 0, run_ms_ = 0;.*run_s_ = 1, .*", "set by begin()"),
    (r"controller.h", r"uint32_t (?:scheduled_s_|asked_s_) = 0;.*", "set before it is read"),
    (r"controller.h", r"uint32_t household_changes_ = 0;.*", "only whether it has changed is asked"),
    (r"controller.cpp", r"bool faulty = false;.*", "asked only when something is active, which answers it"),
    (r"controller.cpp", r"if \(run_s_ > SettingsStore::kMostRun\).*run_s_ >= .*", "the same number"),
    (r"controller.cpp", r"return lift < tilt \?.*lift <= tilt.*", "the same number"),
    (r"motion.cpp", r".*(?:travelled < way|back < 100|own < due) \?.*(?:travelled|back|own) <= .*", "the same number"),
    (r"event_queue.cpp", r"return strcmp.* 2 : 1;.* 6 : 1;", "only the order counts"),
    (
        r"event_queue.cpp",
        r"for \(size_t i = count_; .*name\[1\] = .*",
        "with one byte or the other the checksum does not hold",
    ),
    (r"event_queue.h", r"bool resting_ = false;.*", "a rest without a length is over"),
    (r"json_writer.cpp", r"if \(size == 0 \|\| size > left\).*size == 1 .*", "0 by either way"),
    (r"json_writer.cpp", r"length_ = static_cast<size_t>\(at - buffer_\);.*\+.*", "pointers have no sum: no program"),
    (r"time_zone.cpp", r"return at - from >= 3 .*at \+ from.*", "pointers have no sum: no program"),
    (r"radio_remote.h", r"int left_ = 0;.*", "set before each transfer, and read only during one"),
    (r"contact_drive.h", r"bool closed_ = false;.*", "begin() reads the switch"),
    (r"bus_motor.cpp", r"accepted_ = false;  ->  .*", "the way that follows sets it before anything is judged by it"),
)


def reason_of(change: Change) -> str | None:
    """Why it is equivalent; None: it is none."""
    for file, pattern, reason in EQUIVALENT:
        if re.fullmatch(file, change.file.name) and re.fullmatch(pattern, str(change)):
            return reason
    return None
