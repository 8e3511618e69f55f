#include "system/stored/dct.h"

#include <sys/stat.h>

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "board/state_folder.h"
#include "system/stored/wifi_credentials.h"
#include "temporary_folder.h"

using namespace vphoton;

namespace {

struct Fixture {
  test::TemporaryFolder folder;
  FlashDevice flash{folder.path()};
  Dct dct{flash};

  std::string file() const {
    std::ifstream in(folder.path() + "/dct.bin", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace

TEST_CASE("a new DCT is erased, 8391 bytes long and private") {
  Fixture f;
  REQUIRE(f.flash.ok());
  CHECK(f.file() == std::string(8391, '\xFF'));
  struct stat status;
  REQUIRE(stat((f.folder.path() + "/dct.bin").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_FALSE(f.dct.claimed());
  CHECK(f.dct.claim_code() == "");
  CHECK_FALSE(f.dct.has_private_key());
  CHECK(f.dct.reset_info_enabled());
  CHECK(f.dct.server_address().host == "");
}

TEST_CASE("everything lies at its offset") {
  Fixture f;
  REQUIRE(f.dct.set_key_pair("PRIVATE", "PUBLIC"));
  REQUIRE(f.dct.set_server_key("SERVER"));
  REQUIRE(f.dct.set_claim_code(std::string(63, 'c')));
  REQUIRE(f.dct.set_server_address({"10.1.2.3", 5684}));
  std::string bytes = f.file();
  CHECK(bytes.substr(34, 8) == "PRIVATE\xFF");
  CHECK(bytes.substr(1250, 7) == "PUBLIC\xFF");
  CHECK(bytes.substr(2082, 7) == "SERVER\xFF");
  CHECK(bytes.substr(1762, 63) == std::string(63, 'c'));
  CHECK(bytes[1761] == '\xFF');
  CHECK(bytes[1825] == '\xFF');
  CHECK(bytes.substr(2466, 7) == std::string("\0\4\12\1\2\3\xFF", 7));
  CHECK(bytes.substr(2466 + 66, 2) == "\x16\x34");
  CHECK(bytes.size() == 8391);
}

TEST_CASE("server addresses") {
  Fixture f;
  REQUIRE(f.dct.set_server_address({"$id.cloud.example", 5683}));
  CHECK(f.dct.server_address().host == "$id.cloud.example");
  CHECK(f.file().substr(2466, 4) == std::string("\1\21$i", 4));
  CHECK_FALSE(f.dct.set_server_address({std::string(65, 'x'), 1}));
  CHECK_FALSE(f.dct.set_server_address({"", 1}));
  // What `particle keys server` leaves when no port is given.
  REQUIRE(f.dct.write(2466 + 66, "\xFF\xFF"));
  CHECK(f.dct.server_address().port == 5683);
  REQUIRE(f.dct.write(2466 + 66, std::string(2, '\0')));
  CHECK(f.dct.server_address().port == 5683);
}

TEST_CASE("claim code and claimed flag") {
  Fixture f;
  REQUIRE(f.dct.set_claim_code("short"));
  CHECK(f.dct.claim_code() == "short");
  CHECK_FALSE(f.dct.claimed());
  REQUIRE(f.dct.confirm_claim());
  CHECK(f.dct.claimed());
  CHECK(f.dct.claim_code() == "");
  REQUIRE(f.dct.set_claim_code(std::string(63, 'n')));
  CHECK(f.dct.claimed());
  CHECK(f.dct.claim_code().size() == 63);
  for (char other : {'\0', '\1', '\xFF'}) {
    REQUIRE(f.dct.write(1825, std::string(1, other)));
    CHECK_FALSE(f.dct.claimed());
  }
}

TEST_CASE("the SoftAP name is made up once and kept") {
  Fixture f;
  std::string name = f.dct.softap_ssid();
  CHECK(name.substr(0, 7) == "Photon-");
  CHECK(name.size() == 13);
  CHECK(name.find_first_not_of("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 7) == std::string::npos);
  CHECK(f.dct.softap_ssid() == name);
  REQUIRE(f.dct.set_softap_prefix("Shade"));
  CHECK(f.dct.softap_ssid() == "Shade" + name.substr(6));
  CHECK_FALSE(f.dct.set_softap_prefix(std::string(26, 'x')));
  // A device provisioned with four characters.
  REQUIRE(f.dct.write(1852, "ABCD\xFF\xFF"));
  CHECK(f.dct.softap_ssid() == "Shade-ABCD");
}

TEST_CASE("flash keeps within its regions and counts its writes") {
  Fixture f;
  uint64_t before = f.flash.write_count();
  CHECK_FALSE(f.flash.write(Region::Dct, 8390, "xy"));
  CHECK_FALSE(f.flash.write(Region::Dct, 9000, "x"));
  CHECK(f.flash.write_count() == before);
  CHECK(f.flash.write(Region::UserPart, 10, "x"));
  CHECK(f.flash.write_count() == before + 2);  // the gap, then the byte
  CHECK(f.flash.read(Region::UserPart, 8, 4) == "\xFF\xFFx\xFF");
  CHECK(f.flash.erase(Region::UserPart));
  CHECK(f.flash.read(Region::UserPart, 10, 1) == "\xFF");
  REQUIRE(f.flash.write(Region::UserPart, 0, "abcdef"));
  CHECK(f.flash.erase(Region::UserPart, 2, 2));
  CHECK(f.flash.read(Region::UserPart, 0, 6) ==
        "ab\xFF\xFF"
        "ef");
  CHECK(f.flash.erase(Region::UserPart, 3, 100));
  CHECK(f.flash.read(Region::UserPart, 0, 6) == "ab\xFF\xFF\xFF\xFF");
  CHECK(f.flash.erase(Region::UserPart, 500, 100));
  CHECK_FALSE(f.flash.erase(Region::UserPart, 128 * 1024, 1));
}

TEST_CASE("five Wi-Fi networks, newest first, known ones replaced in place") {
  Fixture f;
  WifiCredentials credentials(f.flash);
  CHECK(credentials.empty());
  for (int i = 1; i <= 6; ++i) REQUIRE(credentials.store({"net" + std::to_string(i), "password", 4}));
  auto list = credentials.list();
  REQUIRE(list.size() == 5);
  CHECK(list[0].ssid == "net6");
  CHECK(list[4].ssid == "net2");
  REQUIRE(credentials.store({"net4", std::string(64, 'p'), 0x00400004}));
  list = WifiCredentials(f.flash).list();
  CHECK(list[2].ssid == "net4");
  CHECK(list[2].password == std::string(64, 'p'));
  CHECK(list[2].security == 0x00400004);
  CHECK_FALSE(credentials.store({"", "x", 0}));
  CHECK_FALSE(credentials.store({std::string(33, 's'), "x", 0}));
  CHECK_FALSE(credentials.store({"s", std::string(65, 'x'), 0}));
  CHECK(credentials.clear());
  CHECK(credentials.empty());
}

TEST_CASE("one process at a time holds a state folder") {
  test::TemporaryFolder parent;
  std::string path = parent.path() + "/device";
  StateFolder first, second;
  CHECK(first.open(path, -1) == "");
  CHECK(second.open(path, -1).find("another vphoton") != std::string::npos);
  CHECK(second.open(parent.path() + "/no/such", -1) != "");
  struct stat status;
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}
