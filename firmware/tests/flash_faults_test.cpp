#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "board/flash_device.h"
#include "temporary_folder.h"

using namespace vphoton;

namespace {

// What is in `region` after a process that changed it lost power at the change.
std::string after_cut(Region region, size_t torn, bool erase) {
  test::TemporaryFolder folder;
  { FlashDevice(folder.path()).write(region, 0, "old data"); }
  pid_t child = fork();
  if (child == 0) {
    FlashDevice flash(folder.path());
    flash.cut_power({1, torn});
    if (erase)
      flash.erase(region);
    else
      flash.write(region, 0, "NEW DATA");
    _exit(1);  // not reached
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  return FlashDevice(folder.path()).read(region, 0, 8);
}

}  // namespace

TEST_CASE("a power cut tears what is written to flash, and nothing that is switched by a mark") {
  for (Region region : {Region::UserPart, Region::OverTheAir}) {
    CHECK(after_cut(region, 0, false) == "old data");
    CHECK(after_cut(region, 3, false) == "NEW data");
    CHECK(after_cut(region, 2, true) ==
          "\xFF\xFF"
          "d data");
  }
  for (Region region : {Region::Dct, Region::WifiCredentials, Region::Eeprom, Region::OneTimeProgrammable}) {
    CHECK(after_cut(region, 3, false) == "old data");
    CHECK(after_cut(region, 3, true) == "old data");
  }
}

TEST_CASE("a power cut comes at the write it was planned for") {
  test::TemporaryFolder folder;
  FlashDevice flash(folder.path(), {100, 5});
  uint64_t left = flash.power_cut().at_write;
  CHECK(left == 100 - flash.write_count());
  flash.write(Region::Eeprom, 0, "x");
  CHECK(flash.power_cut().at_write == left - 1);
  CHECK(flash.power_cut().torn == 5);
  flash.cut_power({});
  flash.write(Region::Eeprom, 0, "y");
  CHECK(flash.power_cut().at_write == 0);
}
