#include "system/stored/internal_flash.h"

#include <doctest/doctest.h>

#include "module_builder.h"
#include "system/stored/system_modules.h"
#include "temporary_folder.h"

using namespace vphoton;

namespace {

struct Fixture {
  test::TemporaryFolder folder;
  FlashDevice flash{folder.path()};
  InternalFlash internal{flash};
};

const std::string kErased(1, '\xFF');

}  // namespace

TEST_CASE("every module has its place in the memory map, and stand-ins share it") {
  Fixture f;
  CHECK(f.internal.write(0x08020000, "s1"));
  CHECK(f.internal.write(0x08060000, "s2"));
  CHECK(f.internal.write(0x080A0000, "up"));
  CHECK(f.internal.write(0x080C0000, "ota"));
  CHECK(f.internal.write(0x08000000, "bl"));
  CHECK(f.flash.read(Region::SystemPart1, 0, 2) == "s1");
  CHECK(f.flash.read(Region::SystemPart2, 0, 2) == "s2");
  CHECK(f.flash.read(Region::UserPart, 0, 2) == "up");
  CHECK(f.flash.read(Region::OverTheAir, 0, 3) == "ota");
  CHECK(f.flash.read(Region::Bootloader, 0, 2) == "bl");
  CHECK(f.internal.read(0x10020000, 2) == "s1");
  CHECK(f.internal.read(0x10060000, 2) == "s2");
  CHECK(f.internal.read(0x100A0000, 2) == kErased + kErased);
}

TEST_CASE("ranges that cross from one module into the next") {
  Fixture f;
  std::string data = "0123456789";
  CHECK(f.internal.write(0x0809FFFB, data));
  CHECK(f.flash.read(Region::SystemPart2, 256 * 1024 - 5, 5) == "01234");
  CHECK(f.flash.read(Region::UserPart, 0, 5) == "56789");
  CHECK(f.internal.read(0x0809FFFB, data.size()) == data);
}

TEST_CASE("nothing is written where nothing is modelled") {
  Fixture f;
  uint64_t before = f.flash.write_count();
  CHECK_FALSE(f.internal.write(0x08004000, "x"));   // DCT
  CHECK_FALSE(f.internal.write(0x0800C000, "x"));   // EEPROM emulation
  CHECK_FALSE(f.internal.write(0x0801FFFF, "xy"));  // into system part 1
  CHECK_FALSE(f.internal.write(0x080FFFFF, "xy"));  // out of the flash
  CHECK_FALSE(f.internal.write(0xFFFFFFFF, "xy"));  // out of the address space
  CHECK_FALSE(f.internal.erase_sector(0x08100000));
  CHECK_FALSE(f.internal.erase_sector(0x08000000));  // the bootloader's own
  CHECK(f.flash.write_count() == before);
  CHECK(f.internal.read(0x0801FFFF, 2) == kErased + kErased);
  CHECK_FALSE(InternalFlash::writable_by_dfu(0x08000000, 4));
  CHECK_FALSE(InternalFlash::writable_by_dfu(0x10000000, 4));
  CHECK(InternalFlash::writable_by_dfu(0x080E0000, 4));
}

TEST_CASE("DFU erases the sector around an address and no other") {
  Fixture f;
  for (uint32_t address : {0x0803FFFFu, 0x08040000u, 0x0805FFFFu, 0x08060000u}) REQUIRE(f.internal.write(address, "x"));
  CHECK(f.internal.erase_sector(0x08045678));
  CHECK(f.internal.read(0x0803FFFF, 1) == "x");
  CHECK(f.internal.read(0x08040000, 1) == kErased);
  CHECK(f.internal.read(0x0805FFFF, 1) == kErased);
  CHECK(f.internal.read(0x08060000, 1) == "x");
}

TEST_CASE("both system parts, whole and of one version, say which Device OS it is") {
  Fixture f;
  test::ModuleRecipe recipe;
  recipe.function = 4;
  recipe.version = 3302;
  auto put = [&](uint8_t index, uint32_t start) {
    recipe.index = index;
    recipe.start = start;
    REQUIRE(f.internal.write(start, build_module(recipe)));
    return system_module_version(read_system_modules(f.flash));
  };
  CHECK(read_system_modules(f.flash).empty());
  CHECK_FALSE(put(1, 0x08020000));
  CHECK(put(2, 0x10060000) == 3302);
  recipe.version = 2302;
  CHECK_FALSE(put(1, 0x10020000));  // they disagree
  CHECK(put(2, 0x08060000) == 2302);
  REQUIRE(f.internal.write(0x08060000 + 30, "?"));  // its CRC
  CHECK_FALSE(system_module_version(read_system_modules(f.flash)));
  CHECK(read_system_modules(f.flash).size() == 2);
  REQUIRE(f.internal.write(0x08020000, "no module at all, but something that was written there by someone...."));
  CHECK(read_system_modules(f.flash).size() == 1);
}
