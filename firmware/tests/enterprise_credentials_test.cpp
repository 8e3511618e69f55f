#include "system/stored/enterprise_credentials.h"

#include <doctest/doctest.h>

#include "board/access_point.h"
#include "system/stored/wifi_credentials.h"
#include "temporary_folder.h"

using namespace vphoton;

namespace {

struct Fixture {
  test::TemporaryFolder folder;
  FlashDevice flash{folder.path()};
  Dct dct{flash};
  EnterpriseCredentials credentials{flash, dct};
};

EapConfig peap() {
  EapConfig config;
  config.type = eap::kPeap;
  config.inner_identity = "installer";
  config.password = std::string(64, 'p');
  return config;
}

EapConfig tls() {
  EapConfig config;
  config.type = eap::kTls;
  config.client_certificate = std::string(4095, 'c');
  config.private_key = std::string(2047, 'k');
  config.root_certificate = std::string(4095, 'r');
  return config;
}

}  // namespace

TEST_CASE("an enterprise configuration is kept, replaced and cleared") {
  Fixture f;
  CHECK(f.credentials.load().type == eap::kNone);
  REQUIRE(f.credentials.store(tls()));
  EapConfig found = f.credentials.load();
  CHECK(found.type == eap::kTls);
  CHECK(found.client_certificate == tls().client_certificate);
  CHECK(found.private_key == tls().private_key);
  CHECK(found.root_certificate == tls().root_certificate);
  REQUIRE(f.credentials.store(peap()));
  found = EnterpriseCredentials(f.flash, f.dct).load();
  CHECK(found.type == eap::kPeap);
  CHECK(found.inner_identity == "installer");
  CHECK(found.password == std::string(64, 'p'));
  CHECK(found.private_key.empty());
  REQUIRE(f.credentials.clear());
  CHECK(f.credentials.load().type == eap::kNone);
}

TEST_CASE("an enterprise configuration that cannot work is refused and changes nothing") {
  Fixture f;
  REQUIRE(f.credentials.store(peap()));
  uint64_t writes = f.flash.write_count();
  EapConfig wrong = peap();
  wrong.inner_identity = std::string(65, 'i');
  CHECK_FALSE(f.credentials.store(wrong));
  wrong = peap();
  wrong.password.clear();
  CHECK_FALSE(f.credentials.store(wrong));
  wrong = tls();
  wrong.private_key += "k";
  CHECK_FALSE(f.credentials.store(wrong));
  wrong = tls();
  wrong.type = 7;
  CHECK_FALSE(f.credentials.store(wrong));
  CHECK(f.flash.write_count() == writes);
}

TEST_CASE("networks and certificates do not touch each other") {
  Fixture f;
  WifiCredentials networks(f.flash);
  for (int i = 0; i < 5; ++i) REQUIRE(networks.store({std::string(32, static_cast<char>('a' + i)), "password", 4}));
  REQUIRE(f.credentials.store(tls()));
  CHECK(networks.list().size() == 5);
  REQUIRE(networks.clear());
  CHECK(f.credentials.load().private_key == tls().private_key);
}

TEST_CASE("one enterprise network is stored at a time") {
  Fixture f;
  WifiCredentials networks(f.flash);
  const uint32_t enterprise = wiced::kWpa2 | wiced::kAes | wiced::kEnterprise;
  REQUIRE(networks.store({"first", "", enterprise}));
  REQUIRE(networks.store({"home", "password", 4}));
  REQUIRE(networks.store({"second", "", enterprise}));
  auto list = networks.list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].ssid == "home");
  CHECK(list[1].ssid == "second");
  REQUIRE(networks.store({"home", "", enterprise}));
  list = networks.list();
  REQUIRE(list.size() == 1);
  CHECK(list[0].ssid == "home");
}
