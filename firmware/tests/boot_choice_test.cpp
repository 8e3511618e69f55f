#include "system/services/boot_choice.h"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace vphoton;

TEST_CASE("how long SETUP is held at power-on decides") {
  for (bool factory : {false, true}) {
    CHECK(boot_choice(0, factory) == BootChoice::Normal);
    CHECK(boot_choice(999, factory) == BootChoice::Normal);
    CHECK(boot_choice(1000, factory) == BootChoice::SafeMode);
    CHECK(boot_choice(2999, factory) == BootChoice::SafeMode);
    CHECK(boot_choice(3000, factory) == BootChoice::Dfu);
    CHECK(boot_choice(6500, factory) == BootChoice::Dfu);
  }
  CHECK(boot_choice(6501, true) == BootChoice::FactoryReset);
  CHECK(boot_choice(10001, true) == BootChoice::FactoryReset);
  CHECK(boot_choice(6501, false) == BootChoice::Dfu);
}
