#include "system/stored/ota_store.h"

#include <doctest/doctest.h>

#include <memory>

#include "module_builder.h"
#include "system/stored/system_modules.h"
#include "temporary_folder.h"

using namespace vphoton;
using test::build_module;
using test::ModuleRecipe;

namespace {

struct PowerCut {};

// A device whose power can be cut; switching it on again reads the same files anew.
struct Power {
  explicit Power(const std::string& folder) : flash(folder), dct(flash), ota(flash, dct) {}
  FlashDevice flash;
  Dct dct;
  OtaStore ota;

  std::string user_part(size_t size) const { return flash.read(Region::UserPart, 0, size); }
};

std::string image_of(char letter, size_t size, uint16_t version) {
  ModuleRecipe recipe;
  recipe.payload.assign(size, letter);
  recipe.product_version = version;
  return build_module(recipe);
}

// Not REQUIRE in here: a power cut on the way is an exception that must get through.
bool install(Power& power, const std::string& image) {
  if (power.ota.begin(static_cast<uint32_t>(image.size())) != 0) return false;
  for (size_t at = 0; at < image.size(); at += 512)
    if (power.ota.write(static_cast<uint32_t>(at), image.substr(at, 512)) != 0) return false;
  return power.ota.validate() == 0 && power.ota.arm() == 0;
}

}  // namespace

TEST_CASE("an update is staged, armed and copied at the next boot") {
  test::TemporaryFolder folder;
  std::string image = image_of('a', 9000, 1);
  {
    Power power(folder.path());
    CHECK_FALSE(power.ota.apply_pending());
    REQUIRE(install(power, image));
    CHECK(power.dct.byte(1753) == 0xA5);
  }
  Power power(folder.path());
  CHECK(power.ota.apply_pending());
  CHECK(power.user_part(image.size()) == image);
  CHECK(power.dct.byte(1753) == 0xFF);
  CHECK(power.ota.succeeded());
  power.ota.forget_success();
  CHECK_FALSE(power.ota.succeeded());
  CHECK_FALSE(power.ota.apply_pending());
}

TEST_CASE("a power cut at every write of an update leaves the old image or the new") {
  std::string before = image_of('o', 9000, 1), after = image_of('n', 12000, 2);
  uint64_t tried = 0, kept_old = 0;
  for (uint64_t cut = 1;; ++cut) {
    CAPTURE(cut);
    test::TemporaryFolder folder;
    {
      Power power(folder.path());
      REQUIRE(install(power, before));
      REQUIRE(power.ota.apply_pending());
    }
    // The update and the boot that applies it, cut at the n-th write of both together.
    uint64_t left = cut;
    bool finished = false;
    try {
      auto cut_power = [&left](uint64_t) {
        if (--left == 0) throw PowerCut();
      };
      {
        Power power(folder.path());
        power.flash.before_each_write(cut_power);
        finished = install(power, after);
      }
      Power power(folder.path());
      power.flash.before_each_write(cut_power);
      finished = power.ota.apply_pending() && finished;
    } catch (const PowerCut&) {
      finished = false;
      ++tried;
    }
    Power power(folder.path());
    power.ota.apply_pending();
    bool is_old = power.user_part(before.size()) == before, is_new = power.user_part(after.size()) == after;
    CHECK((is_old || is_new));
    if (is_old) ++kept_old;
    CHECK(power.dct.byte(1753) == 0xFF);
    CHECK(power.ota.succeeded());
    if (finished) {
      CHECK(is_new);
      break;
    }
  }
  // Staging (erase and 24 chunks) and the description keep the old image; the flag, the copy and its end do not.
  CHECK(tried > 30);
  CHECK(kept_old >= 26);
  CHECK(kept_old < tried);
}

TEST_CASE("an interrupted copy may be interrupted again") {
  std::string image = image_of('x', 20000, 3);
  test::TemporaryFolder folder;
  {
    Power power(folder.path());
    REQUIRE(install(power, image));
  }
  for (int i = 1; i <= 6; ++i) {
    Power power(folder.path());
    int left = i;
    power.flash.before_each_write([&left](uint64_t) {
      if (--left == 0) throw PowerCut();
    });
    CHECK_THROWS_AS(power.ota.apply_pending(), PowerCut);
  }
  Power power(folder.path());
  CHECK(power.ota.apply_pending());
  CHECK(power.user_part(image.size()) == image);
}

TEST_CASE("what is no user part for this device is refused and changes nothing") {
  test::TemporaryFolder folder;
  Power power(folder.path());
  ModuleRecipe recipe;
  auto staged = [&](const std::string& image) {
    REQUIRE(power.ota.begin(static_cast<uint32_t>(image.size())) == 0);
    REQUIRE(power.ota.write(0, image) == 0);
    int result = power.ota.validate();
    CHECK(power.ota.arm() == result);
    CHECK(power.dct.byte(1753) == 0xFF);
    return result;
  };
  SUBCASE("garbage") { CHECK(staged(std::string(500, 'g')) == kErrorModuleNotFound); }
  SUBCASE("cut short") { CHECK(staged(build_module().substr(0, 70)) == kErrorModuleNotFound); }
  SUBCASE("CRC") {
    std::string image = build_module();
    image[30] ^= 1;
    CHECK(staged(image) == kErrorIntegrity);
  }
  SUBCASE("platform") {
    recipe.platform = 8;
    CHECK(staged(build_module(recipe)) == kErrorPlatform);
  }
  SUBCASE("dependency") {
    power.ota.set_system_version(2301);
    recipe.needed_version = 2302;
    CHECK(staged(build_module(recipe)) == kErrorDependency);
  }
  SUBCASE("system part at the user part's place") {
    recipe.function = 4;
    CHECK(staged(build_module(recipe)) == kErrorAddress);
  }
  SUBCASE("a module a Photon has no place for") {
    recipe.function = 3;
    CHECK(staged(build_module(recipe)) == kErrorUnsupportedModule);
  }
}

TEST_CASE("a bootloader goes to its own place, and the user part stays") {
  test::TemporaryFolder folder;
  std::string application = image_of('u', 600, 1);
  ModuleRecipe recipe;
  recipe.function = 2;
  recipe.index = 0;
  recipe.version = 1007;
  recipe.needed_version = 0;
  recipe.vectors = true;
  SUBCASE("where a real one lies") { recipe.start = 0x08000000; }
  SUBCASE("where a stand-in lies") { recipe.start = 0x10000000; }
  std::string bootloader = build_module(recipe);
  {
    Power power(folder.path());
    REQUIRE(install(power, application));
    REQUIRE(power.ota.apply_pending());
    REQUIRE(install(power, bootloader));
  }
  Power power(folder.path());
  CHECK(power.ota.apply_pending());
  CHECK(power.flash.read(Region::Bootloader, 0, bootloader.size()) == bootloader);
  CHECK(power.user_part(application.size()) == application);
  auto flashed = read_system_modules(power.flash);
  REQUIRE(flashed.size() == 1);
  CHECK(flashed[0].version == 1007);
  CHECK(flashed[0].valid_checks() == ModuleCheck::All);
}

TEST_CASE("bounds of an update") {
  test::TemporaryFolder folder;
  Power power(folder.path());
  CHECK(power.ota.write(0, "x") == kErrorInvalidState);
  CHECK(power.ota.begin(0) == kErrorSize);
  CHECK(power.ota.begin(256 * 1024 + 1) == kErrorSize);
  REQUIRE(power.ota.begin(100) == 0);
  CHECK(power.ota.write(99, "x") == 0);
  CHECK(power.ota.write(100, "x") == kErrorOutOfRange);
  CHECK(power.ota.write(0xFFFFFFFF, "x") == kErrorOutOfRange);
}

namespace {

void put_factory_image(Power& power, const std::string& image) {
  REQUIRE(power.flash.erase(Region::Factory));
  REQUIRE(power.flash.write(Region::Factory, 0, image));
}

}  // namespace

TEST_CASE("a factory image replaces the user part if it is valid") {
  test::TemporaryFolder folder;
  Power power(folder.path());
  std::string image = image_of('f', 9000, 3);
  CHECK_FALSE(power.ota.factory_image_valid());
  CHECK_FALSE(power.ota.restore_factory());
  put_factory_image(power, image);
  CHECK(power.ota.factory_image_valid());
  REQUIRE(power.ota.restore_factory());
  CHECK(power.user_part(image.size()) == image);
  image[500] ^= 1;
  put_factory_image(power, image);
  uint64_t writes = power.flash.write_count();
  CHECK_FALSE(power.ota.restore_factory());
  CHECK(power.flash.write_count() == writes);
}

TEST_CASE("a file beyond the first sector of the over-the-air region costs the factory image") {
  test::TemporaryFolder folder;
  Power power(folder.path());
  put_factory_image(power, image_of('f', 9000, 3));
  REQUIRE(power.ota.begin(128 * 1024) == 0);
  CHECK(power.ota.factory_image_valid());
  REQUIRE(power.ota.begin(128 * 1024 + 1) == 0);
  CHECK_FALSE(power.ota.factory_image_valid());
  REQUIRE(power.ota.write(128 * 1024 - 1, "ab") == 0);
  CHECK(power.flash.read(Region::OverTheAir, 128 * 1024 - 1, 1) == "a");
  CHECK(power.flash.read(Region::Factory, 0, 2) == "b\xFF");
  CHECK(power.ota.begin(256 * 1024 + 1) == kErrorSize);
}
