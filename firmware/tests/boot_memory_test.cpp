#include <doctest/doctest.h>
#include <malloc.h>

#include <memory>
#include <string>
#include <utility>

#include "device/photon.h"
#include "module_builder.h"
#include "temporary_folder.h"
#include "test_housing.h"

using namespace vphoton;

namespace {

constexpr size_t kImageSize = 100000;

struct Booted {
  explicit Booted(const std::string& firmware) {
    Options options;
    options.state = folder.path();
    options.firmware = firmware;
    photon = std::make_unique<Photon>(std::move(options), std::nullopt, housing);
    REQUIRE(photon->boot() == "");
  }
  test::TemporaryFolder folder;
  test::TestHousing housing;
  std::unique_ptr<Photon> photon;
};

// Bytes in use; 0 where a sanitizer has taken malloc's place.
size_t heap() {
  const auto now = mallinfo2();
  return now.uordblks + now.hblkhd;
}

}  // namespace

// Of 10,000 in one process, each kept another 42 KB.
TEST_CASE("a device keeps its image in its flash, and no copy of what it was started with") {
  test::ModuleRecipe recipe;
  recipe.payload = std::string(kImageSize, '\0');
  const std::string image = test::build_module(recipe);
  const Booted first(image);  // what all devices share is made by it
  const size_t before = heap();
  const Booted second(image);
  CHECK(heap() - before < kImageSize);
}
