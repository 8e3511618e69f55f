#include <doctest/doctest.h>

#include "base/crc32.h"
#include "module_builder.h"
#include "system/stored/module_image.h"
#include "system/stored/system_describe.h"

using namespace vphoton;
using test::build_module;
using test::ModuleRecipe;

namespace {

std::string flaw(const std::string& bytes) {
  std::string reason;
  auto image = ModuleImage::parse(bytes, &reason);
  return image ? image->why_not_runnable() : reason;
}

}  // namespace

TEST_CASE("CRC-32 check value") { CHECK(crc32("123456789", 9) == 0xCBF43926u); }

TEST_CASE("a good module") {
  auto image = ModuleImage::parse(build_module() + std::string(100, '\xFF'));
  REQUIRE(image);
  CHECK(image->why_not_runnable() == "");
  CHECK(image->valid_checks() == 30);
  CHECK(image->product_id == 20001);
  CHECK(image->product_version == 7);
  CHECK(image->end == kUserPartAddress + image->bytes.size() - 4);
}

TEST_CASE("a module cut short at any length is refused") {
  std::string whole = build_module();
  for (size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    std::string reason;
    CHECK_FALSE(ModuleImage::parse(whole.substr(0, length), &reason));
    CHECK(reason != "");
  }
}

TEST_CASE("every flipped bit is noticed") {
  std::string whole = build_module();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string broken = whole;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ 1 << bit % 8);
    CHECK(flaw(broken) != "");
  }
}

TEST_CASE("flaws by name") {
  ModuleRecipe recipe;
  SUBCASE("platform") {
    recipe.platform = 10;
    CHECK(flaw(build_module(recipe)).find("platform 10") != std::string::npos);
  }
  SUBCASE("a build for a later Device OS") {
    recipe.needed_version = 2302;
    auto image = ModuleImage::parse(build_module(recipe));
    CHECK(image->why_not_runnable(2301) == "needs system part 2 version 2302 or later; this device has 2301");
    CHECK(image->valid_checks(2301) == (30 & ~ModuleCheck::Dependencies));
    CHECK(image->why_not_runnable(2302) == "");
    CHECK(image->valid_checks(2302) == ModuleCheck::All);
  }
  SUBCASE("address") {
    recipe.start = 0x08020000;
    CHECK(flaw(build_module(recipe)).find("0x080A0000") != std::string::npos);
  }
  SUBCASE("too long") {
    recipe.payload.assign(kUserPartSize, 'x');
    CHECK(flaw(build_module(recipe)).find("128 KB") != std::string::npos);
  }
  SUBCASE("function") {
    recipe.function = 4;
    CHECK(flaw(build_module(recipe)) == "is not a user part");
  }
  SUBCASE("erased flash") { CHECK(flaw(std::string(1000, '\xFF')) == "does not begin with a module prefix"); }
}

TEST_CASE("modules behind a vector table, and suffixes without a product") {
  ModuleRecipe recipe;
  recipe.start = 0x08020000;
  recipe.function = 4;
  recipe.index = 1;
  recipe.vectors = true;
  std::string image = build_module(recipe);
  auto parsed = ModuleImage::parse(image + "whatever follows");
  REQUIRE(parsed);
  CHECK(parsed->prefix == 0x184);
  CHECK(parsed->bytes == image);
  CHECK(parsed->valid_checks() == ModuleCheck::All);
  CHECK_FALSE(ModuleImage::parse(image.substr(0, 0x184 + 20)));

  image = build_module();
  image[image.size() - 6] = 36;
  parsed = ModuleImage::parse(image);
  REQUIRE(parsed);
  CHECK(parsed->product_id == 0xFFFF);
  CHECK(parsed->product_version == 0xFFFF);
}

TEST_CASE("a stand-in lies above the flash, and only what is no application may") {
  ModuleRecipe recipe;
  recipe.start = 0x10060000;
  recipe.function = 4;
  recipe.index = 2;
  CHECK(ModuleImage::parse(build_module(recipe))->valid_checks() == ModuleCheck::All);
  recipe.start = 0x10020000;  // the other part's place
  CHECK(ModuleImage::parse(build_module(recipe))->valid_checks() == (30 & ~ModuleCheck::AddressRange));
  recipe.start = kUserPartAddress + kStandInOffset;
  recipe.function = 5;
  recipe.index = 1;
  CHECK(ModuleImage::parse(build_module(recipe))->valid_checks() == (30 & ~ModuleCheck::AddressRange));
}

TEST_CASE("system describe") {
  CHECK(system_describe(nullptr) ==
        R"("p":6,"m":[{"s":16384,"l":"m","vc":30,"vv":30,"f":"b","n":"0","v":1006,"d":[]},)"
        R"({"s":262144,"l":"m","vc":30,"vv":30,"f":"s","n":"1","v":2302,"d":[{"f":"s","n":"2","v":207}]},)"
        R"({"s":262144,"l":"m","vc":30,"vv":30,"f":"s","n":"2","v":2302,)"
        R"("d":[{"f":"s","n":"1","v":2302},{"f":"b","n":"0","v":1003}]}])");
  ModuleRecipe recipe;
  recipe.needed_version = 2303;
  auto image = ModuleImage::parse(build_module(recipe));
  std::string text = system_describe(&*image);
  std::string sha;
  for (int i = 0; i < 32; ++i) sha += "5A";
  std::string tail = R"(,{"s":131072,"l":"m","vc":30,"vv":26,"u":")" + sha +
                     R"(","f":"u","n":"1","v":6,"d":[{"f":"s","n":"2","v":2303}]}])";
  CHECK(text.substr(text.size() - tail.size()) == tail);
  // A system part that was flashed takes the factory's place.
  recipe.start = 0x08060000;
  recipe.version = 3302;
  recipe.function = 4;
  recipe.index = 2;
  auto part = ModuleImage::parse(build_module(recipe));
  CHECK(system_describe(nullptr, 2302, {*part}).find(R"("n":"2","v":3302,"d":[{"f":"s","n":"2","v":2303}]}])") !=
        std::string::npos);
}
