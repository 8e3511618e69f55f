#include "board/emulated_eeprom.h"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using vphoton::EmulatedEeprom;

namespace {

// Records of four bytes that fit behind the header of a page of 16 KB and of one of 64 KB.
constexpr int kSmall = 4095;
constexpr int kLarge = 16383;

struct PowerCut {};

struct Board {
  std::string kept = std::string(EmulatedEeprom::kKept, '\xFF');
  std::vector<uint32_t> erased_ms;
  int writes = 0;
  int cut_at = 0;  // the write that is not done, and none after it
  EmulatedEeprom eeprom{{[this](size_t offset, size_t size) { return kept.substr(offset, size); },
                         [this](size_t offset, const std::string& data) {
                           if (++writes == cut_at) throw PowerCut{};
                           kept.replace(offset, data.size(), data);
                         },
                         [this](uint32_t ms) { erased_ms.push_back(ms); }}};

  // One byte changed `times` times: as many records.
  void wear(int times, size_t address = 0) {
    for (int i = 0; i < times; ++i) eeprom.write(address, eeprom.read(address) == 'a' ? "b" : "a");
  }
  std::string text(size_t address, size_t size) { return kept.substr(address, size); }
};

}  // namespace

TEST_CASE("a page of the EEPROM takes a record for each byte that changes") {
  Board board;
  board.eeprom.write(100, "shade");
  board.eeprom.write(100, "shade");  // the same
  board.eeprom.write(100, "shady");  // one byte
  board.wear(kSmall - 6);
  CHECK_FALSE(board.eeprom.has_pending_erase());
  board.wear(1);
  CHECK(board.eeprom.has_pending_erase());
  CHECK(board.text(100, 5) == "shady");
  CHECK(board.erased_ms.empty());  // the other page was erased from the beginning
}

TEST_CASE("a pending erase is performed when asked for, and takes its time once") {
  Board board;
  board.wear(kSmall + 1);
  board.eeprom.perform_pending_erase();
  CHECK_FALSE(board.eeprom.has_pending_erase());
  CHECK(board.erased_ms == std::vector<uint32_t>{250});
  board.eeprom.perform_pending_erase();
  CHECK(board.eeprom.erasures() == 1);

  board.wear(kLarge - 1);  // the copy has one record for the one byte in use
  CHECK_FALSE(board.eeprom.has_pending_erase());
  board.wear(1);
  board.eeprom.perform_pending_erase();
  CHECK(board.erased_ms == std::vector<uint32_t>{250, 550});  // the large page, 64 KB
}

TEST_CASE("a write that finds no erased page erases it first") {
  Board board;
  board.wear(kSmall + kLarge);
  CHECK(board.erased_ms.empty());
  board.wear(1);
  CHECK(board.erased_ms == std::vector<uint32_t>{250});
  CHECK(board.eeprom.has_pending_erase());
}

TEST_CASE("bytes that are written as erased take no record in the copy") {
  Board board;
  board.eeprom.write(0, std::string(EmulatedEeprom::kLength, 'x'));
  board.eeprom.write(1, std::string(EmulatedEeprom::kLength - 1, '\xFF'));  // 2047 records more: the page is full
  CHECK_FALSE(board.eeprom.has_pending_erase());
  board.wear(1);
  CHECK(board.eeprom.has_pending_erase());
  board.wear(kLarge - 1);
  CHECK(board.erased_ms.empty());
  board.wear(1);
  CHECK(board.erased_ms.size() == 1);
}

TEST_CASE("a power cut at any write of a full EEPROM leaves all of the old bytes or all of the new") {
  for (int cut = 1;; ++cut) {
    Board board;
    board.wear(kSmall + kLarge, 2000);
    REQUIRE(board.eeprom.has_pending_erase());
    board.writes = 0;
    board.cut_at = cut;
    bool done = true;
    try {
      board.eeprom.write(300, "journal");  // an erasure and a copy
    } catch (const PowerCut&) {
      done = false;
    }
    Board again;
    again.kept = board.kept;
    CHECK(again.text(300, 7) == (done ? "journal" : std::string(7, '\xFF')));
    CHECK(again.eeprom.read(2000) == board.eeprom.read(2000));
    CHECK(again.eeprom.has_pending_erase() == (cut != 2));  // between the two the erasure is done, the copy is not
    again.eeprom.write(300, "journal");
    CHECK(again.text(300, 7) == "journal");
    CHECK(again.eeprom.erasures() == (cut == 1 ? 1 : 0));
    if (!done) continue;
    CHECK(cut == 3);
    break;
  }
}

TEST_CASE("clearing erases both pages") {
  Board board;
  board.eeprom.write(7, "old");
  board.eeprom.clear();
  CHECK(board.eeprom.read(7) == 0xFF);
  CHECK(board.erased_ms == std::vector<uint32_t>{250, 550});
  board.wear(kSmall);
  CHECK_FALSE(board.eeprom.has_pending_erase());
}

TEST_CASE("what reaches beyond the end is not written, and reads as erased") {
  Board board;
  board.eeprom.write(EmulatedEeprom::kLength - 2, "abc");
  board.eeprom.write(EmulatedEeprom::kLength - 2, "ab");
  board.eeprom.write(~size_t{0}, "a");
  CHECK(board.text(EmulatedEeprom::kLength - 2, 2) == "ab");
  CHECK(board.eeprom.read(EmulatedEeprom::kLength) == 0xFF);
}

TEST_CASE("an EEPROM kept without its records has one for each byte in use") {
  Board board;
  board.kept.replace(0, 5, "shade");
  board.wear(kSmall - 5, 100);
  CHECK_FALSE(board.eeprom.has_pending_erase());
  board.wear(1, 100);
  CHECK(board.eeprom.has_pending_erase());
}
