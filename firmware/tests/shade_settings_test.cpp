#include <doctest/doctest.h>

#include "shade/crc32.h"
#include "shade/settings_store.h"
#include "shade_fakes.h"

using fakes::Storage;
using shade::Settings;
using shade::SettingsStore;

namespace {

constexpr int kSlot = SettingsStore::kSlotSize;

Settings sample(uint16_t position) {
  return {{position, true, false, 7}, {300, false, true, 240}, true, shade::Measure::Counts, {12000, 11000}};
}

bool same(const shade::AxisRecord& a, const shade::AxisRecord& b) {
  return a.position == b.position && a.known == b.known && a.in_motion == b.in_motion && a.heat == b.heat;
}

bool same(const Settings& a, const Settings& b) {
  return same(a.lift, b.lift) && same(a.tilt, b.tilt) && a.calibrated == b.calibrated && a.measure == b.measure &&
         a.travel.first == b.travel.first && a.travel.second == b.travel.second;
}

}  // namespace

TEST_CASE("what was saved is loaded") {
  Storage storage;
  Settings found;
  CHECK(SettingsStore(storage).load(found) == SettingsStore::Found::Nothing);
  SettingsStore store(storage);
  for (int i = 1; i <= 5; ++i) {
    CHECK(store.save(sample(i * 100)));
    SettingsStore again(storage);
    CHECK(again.load(found) == SettingsStore::Found::Valid);
    CHECK(same(found, sample(i * 100)));
  }
}

TEST_CASE("each flag is kept by itself") {
  for (int flags = 0; flags < 16; ++flags) {
    Storage storage;
    Settings settings = sample(100);
    settings.lift.known = flags & 1;
    settings.lift.in_motion = flags & 2;
    settings.tilt.known = flags & 4;
    settings.calibrated = flags & 8;
    settings.tilt.in_motion = !settings.lift.in_motion;
    Settings found = sample(1);
    REQUIRE(SettingsStore(storage).save(settings));
    REQUIRE(SettingsStore(storage).load(found) == SettingsStore::Found::Valid);
    CHECK(same(found, settings));
  }
}

TEST_CASE("a power cut at any byte of a write leaves the old record or the new one") {
  for (int writes_before = 1; writes_before <= 2; ++writes_before) {
    for (long cut = 0; cut <= kSlot; ++cut) {
      CAPTURE(writes_before);
      CAPTURE(cut);
      Storage storage;
      SettingsStore store(storage);
      for (int i = 0; i < writes_before; ++i) REQUIRE(store.save(sample(1000 + i)));
      Settings old = sample(1000 + writes_before - 1);
      storage.left = cut;
      bool stored = store.save(sample(7000));
      storage.left = -1;
      CHECK(stored == (cut == kSlot));
      Settings found;
      SettingsStore after(storage);
      REQUIRE(after.load(found) == SettingsStore::Found::Valid);
      // The last bytes may happen to be right already, so the new record may be there one byte early.
      CHECK((same(found, old) || (cut >= kSlot - 4 && same(found, sample(7000)))));
      REQUIRE(after.save(sample(8000)));
      Settings last;
      REQUIRE(SettingsStore(storage).load(last) == SettingsStore::Found::Valid);
      CHECK(same(last, sample(8000)));
    }
  }
}

TEST_CASE("a flipped bit in one slot falls back to the other, in both it is seen as damage") {
  Storage storage;
  SettingsStore store(storage);
  store.save(sample(100));
  store.save(sample(200));
  for (int bit = 0; bit < kSlot * 8; ++bit) {
    Storage damaged = storage;
    damaged.bytes[kSlot + bit / 8] ^= 1 << bit % 8;
    Settings found;
    REQUIRE(SettingsStore(damaged).load(found) == SettingsStore::Found::Valid);
    CHECK(found.lift.position == 100);
    damaged.bytes[bit / 8] ^= 1 << bit % 8;
    CHECK(SettingsStore(damaged).load(found) == SettingsStore::Found::Damaged);
  }
}

TEST_CASE("a storage that refuses or forgets is reported and the last record stays") {
  Storage storage;
  SettingsStore store(storage);
  REQUIRE(store.save(sample(100)));
  storage.refuses = true;
  CHECK_FALSE(store.save(sample(200)));
  CHECK_FALSE(store.save(sample(300)));
  storage.refuses = false;
  Settings found;
  REQUIRE(SettingsStore(storage).load(found) == SettingsStore::Found::Valid);
  CHECK(found.lift.position == 100);
}

TEST_CASE("the sequence may wrap") {
  Storage storage;
  SettingsStore store(storage);
  // Set a slot's sequence to the last number by hand, with a valid checksum, and go on from there.
  REQUIRE(store.save(sample(100)));
  memset(storage.bytes + 4, 0xFF, 4);
  uint32_t crc = shade::crc32(storage.bytes, 28);
  for (int i = 0; i < 4; ++i) storage.bytes[28 + i] = static_cast<uint8_t>(crc >> (8 * i));
  SettingsStore wrapping(storage);
  Settings found;
  REQUIRE(wrapping.load(found) == SettingsStore::Found::Valid);
  REQUIRE(wrapping.save(sample(200)));
  REQUIRE(SettingsStore(storage).load(found) == SettingsStore::Found::Valid);
  CHECK(found.lift.position == 200);
}

TEST_CASE("settings of formats 1 and 2 are read, those of any other are damage") {
  for (int version : {0, 1, 2, 3, 255}) {
    CAPTURE(version);
    Storage storage;
    REQUIRE(SettingsStore(storage).save(sample(100)));
    storage.bytes[2] = static_cast<uint8_t>(version);
    uint32_t crc = shade::crc32(storage.bytes, 28);
    for (int i = 0; i < 4; ++i) storage.bytes[28 + i] = static_cast<uint8_t>(crc >> (8 * i));
    Settings found;
    bool known = version == 1 || version == 2;
    CHECK((SettingsStore(storage).load(found) == SettingsStore::Found::Valid) == known);
    CHECK((SettingsStore(storage).load(found) == SettingsStore::Found::Damaged) != known);
  }
}
