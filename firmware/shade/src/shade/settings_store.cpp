#include "settings_store.h"

namespace shade {

namespace {

const uint8_t kFormat = 2;
const uint8_t kInMotion = 1;
const uint8_t kCalibrated = 2;
const uint8_t kKnown = 4;
const uint8_t kTiltInMotion = 8;
const uint8_t kTiltKnown = 16;

bool usable(const Settings& settings) {
  return settings.lift.position <= 10000 && settings.tilt.position <= 10000 && settings.measure <= Measure::Motor &&
         settings.travel.valid(settings.measure);
}

}  // namespace

SettingsStore::Found SettingsStore::load(Settings& settings) {
  RecordStore::Record record;
  Found found = record_.load(record);
  if (found != Found::Valid) return found;
  if (record.version < 1 || record.version > kFormat) return Found::Damaged;
  Settings read;
  read.calibrated = record.flags & kCalibrated;
  read.lift = {static_cast<uint16_t>(get_number(record.payload, 2)), (record.flags & kKnown) != 0,
               (record.flags & kInMotion) != 0, static_cast<uint16_t>(get_number(record.payload + 13, 2))};
  read.tilt = {static_cast<uint16_t>(get_number(record.payload + 2, 2)), (record.flags & kTiltKnown) != 0,
               (record.flags & kTiltInMotion) != 0, static_cast<uint16_t>(get_number(record.payload + 15, 2))};
  read.travel = {get_number(record.payload + 4, 4), get_number(record.payload + 8, 4)};
  read.measure = static_cast<Measure>(record.payload[12]);
  read.run_s = get_number(record.payload + 17, 3);
  if (!usable(read)) return Found::Damaged;
  settings = read;
  return Found::Valid;
}

bool SettingsStore::save(const Settings& settings) {
  RecordStore::Record record = {};
  record.version = kFormat;
  record.flags =
      static_cast<uint8_t>((settings.lift.in_motion ? kInMotion : 0) | (settings.calibrated ? kCalibrated : 0) |
                           (settings.lift.known ? kKnown : 0) | (settings.tilt.in_motion ? kTiltInMotion : 0) |
                           (settings.tilt.known ? kTiltKnown : 0));
  put_number(record.payload, settings.lift.position, 2);
  put_number(record.payload + 2, settings.tilt.position, 2);
  put_number(record.payload + 4, settings.travel.first, 4);
  put_number(record.payload + 8, settings.travel.second, 4);
  record.payload[12] = static_cast<uint8_t>(settings.measure);
  put_number(record.payload + 13, settings.lift.heat, 2);
  put_number(record.payload + 15, settings.tilt.heat, 2);
  put_number(record.payload + 17, settings.run_s, 3);
  return record_.save(record);
}

}  // namespace shade
