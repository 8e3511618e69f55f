#include "faces/console/setup_console.h"

#include <doctest/doctest.h>

#include "fake_setup_host.h"

using namespace vphoton;

namespace {

struct Bench {
  test::FakeSetupHost host;
  std::string output;
  SetupConsole console{host, [this](const std::string& text) { output += text; }};

  std::string type(const std::string& text) {
    output.clear();
    console.feed(text);
    return output;
  }
};

}  // namespace

TEST_CASE("line reader") {
  LineReader reader(3);
  std::string echo;
  CHECK_FALSE(reader.feed('a', &echo));
  CHECK_FALSE(reader.feed('b', &echo));
  CHECK_FALSE(reader.feed(127, &echo));
  CHECK_FALSE(reader.feed('c', &echo));
  CHECK_FALSE(reader.feed('d', &echo));
  CHECK_FALSE(reader.feed(8, &echo));
  CHECK_FALSE(reader.feed('e', &echo));
  CHECK(reader.feed('x', &echo));  // one too many
  CHECK(reader.line() == "ace");
  CHECK(echo == "ab\b \bcd\b \be\r\n");
  LineReader empty(3);
  CHECK_FALSE(empty.feed(8, &echo));
  CHECK(empty.feed('\n', &echo));
  CHECK(empty.line() == "");
}

TEST_CASE("single-character commands") {
  Bench b;
  CHECK(b.type("i") == "Your device id is 0123456789abcdef01234567\r\n");
  CHECK(b.type("m") == "Your device MAC address is\r\ne0:4f:43:01:23:45\r\n");
  CHECK(b.type("v") == "system firmware version: 2.3.1\n\r\n");
  CHECK(b.type("s") == "{\"p\":6,\"m\":[]}\r\n");
  CHECK(b.type("c") == "Device claimed: no\r\n");
  b.host.is_claimed = true;
  CHECK(b.type("c") == "Device claimed: yes\r\n");
  CHECK(b.type("eh?Z \r\n") == "");
  CHECK(b.type("d") == "{\"sys:uptime\":5}\r\n");
  CHECK(b.type("x") == "");
  CHECK(b.host.finished == 1);
  CHECK(b.type("L") == "");
  CHECK(b.host.restarted == 1);
}

TEST_CASE("what earlier versions lack") {
  struct {
    const char* version;
    bool claiming, enterprise, diagnostics;
  } rows[] = {
      {"0.5.3", false, false, false}, {"0.6.3", true, false, false}, {"0.7.0", true, true, false},
      {"1.5.2", true, true, false},   {"2.3.1", true, true, true},   {"3.3.1", true, true, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.version);
    Bench b;
    b.host.version = row.version;
    CHECK(b.type("v") == std::string("system firmware version: ") + row.version + "\n\r\n");
    CHECK(b.type("c").empty() != row.claiming);
    CHECK(b.type("d").empty() != row.diagnostics);
    b.type("w");
    // Only later ones find the network in the air by themselves.
    std::string answer = b.type("photonrig\n");
    if (row.enterprise) {
      CHECK(answer == "photonrig\r\nPassword: ");
      continue;
    }
    CHECK(answer == "photonrig\r\nSecurity 0=unsecured, 1=WEP, 2=WPA, 3=WPA2: ");
    CHECK(b.type("4\n") == "4\r\nSecurity 0=unsecured, 1=WEP, 2=WPA, 3=WPA2: ");
    CHECK(b.type("3\n") == "3\r\nSecurity Cipher 1=AES, 2=TKIP, 3=AES+TKIP: ");
    CHECK(b.type("1\n") == "1\r\nPassword: ");
  }
  Bench old;
  old.host.version = "0.5.3";
  CHECK(old.type("Ci") == "Your device id is 0123456789abcdef01234567\r\n");
}

TEST_CASE("claim code") {
  Bench b;
  std::string code(63, 'k');
  CHECK(b.type("C") == "Enter 63-digit claim code: ");
  CHECK(b.type(code) == code);
  CHECK(b.type("\n") == "\r\nClaim code set to: " + code + "\r\n");
  CHECK(b.host.code == code);
  b.host.code.clear();
  b.type("C");
  CHECK(b.type("short\r") == "short\r\nSorry, claim code is not 63 characters long. Claim code unchanged.\r\n");
  CHECK(b.host.code == "");
}

TEST_CASE("what is sent before the next prompt is thrown away") {
  Bench b;
  b.type("w");
  CHECK(b.type("photonrig\nphotonrig-lab\n") == "photonrig\r\nPassword: ");
  std::string answer = b.type("photonrig-lab\n");
  CHECK(answer.find("photonrig-lab\r\nThanks! Wait while I save those credentials...\r\n\r\nAwesome.") == 0);
  CHECK(answer.find("    Particle <3 you!\r\n\r\n") != std::string::npos);
  CHECK(b.host.password == "photonrig-lab");
  CHECK(b.host.security == 0x00400004);
  CHECK(b.host.finished == 1);
}

TEST_CASE("a network that is not in the air") {
  Bench b;
  const std::string security = "Security 0=unsecured, 1=WEP, 2=WPA, 3=WPA2, 4=WPA Enterprise, 5=WPA2 Enterprise: ";
  const std::string cipher = "Security Cipher 1=AES, 2=TKIP, 3=AES+TKIP: ";
  b.type("w");
  CHECK(b.type("hidden\r") == "hidden\r\n" + security);
  CHECK(b.type("7\n") == "7\r\n" + security);
  SUBCASE("WPA2") {
    CHECK(b.type("3\n") == "3\r\n" + cipher);
    CHECK(b.type("9\n") == "9\r\n" + cipher);
    CHECK(b.type("3\n") == "3\r\nPassword: ");
    b.host.result = -2;
    CHECK(b.type("some password\n").find("Derp. Sorry, we couldn't save the credentials.\r\n\r\n") !=
          std::string::npos);
    CHECK(b.host.security == (wiced::kWpa2 | wiced::kAes | wiced::kTkip));
    CHECK(b.host.finished == 0);
  }
  SUBCASE("open: the cipher is asked for all the same") {
    CHECK(b.type("0\n") == "0\r\n" + cipher);
    CHECK(b.type("1\n").find("Thanks!") != std::string::npos);
    CHECK(b.host.security == wiced::kOpen);
    CHECK(b.host.finished == 1);
  }
}

TEST_CASE("WPA enterprise: all is asked for and handed on") {
  Bench b;
  b.type("w");
  b.type("office\n");
  SUBCASE("PEAP") {
    b.type("5\n");
    CHECK(b.type("1\n") == "1\r\nEAP Type 0=PEAP/MSCHAPv2, 1=EAP-TLS: ");
    CHECK(b.host.security == 0);
    CHECK(b.type("2\n") == "2\r\nEAP Type 0=PEAP/MSCHAPv2, 1=EAP-TLS: ");
    CHECK(b.type("0\n") == "0\r\nUsername: ");
    CHECK(b.type("jane\n") == "jane\r\nPassword: ");
    CHECK(b.type("secret\n") == "secret\r\nOuter identity (optional): ");
    CHECK(b.type("\n") == "\r\nRoot CA in PEM format (optional):\r\n");
    CHECK(b.type("\n").find("\r\nThanks! Wait while I save those credentials...\r\n\r\nAwesome.") == 0);
    CHECK(b.host.enterprise.type == eap::kPeap);
    CHECK(b.host.enterprise.inner_identity == "jane");
    CHECK(b.host.enterprise.password == "secret");
    CHECK(b.host.security == (wiced::kWpa2 | wiced::kEnterprise | wiced::kAes));
  }
  SUBCASE("TLS: a text of several lines may come at once and ends with a blank one") {
    b.type("4\n");
    b.type("2\n");
    CHECK(b.type("1\n") == "1\r\nClient certificate in PEM format:\r\n");
    CHECK(b.type("one\r\ntwo\r\n") == "one\r\ntwo\r\n");
    CHECK(b.type("\r\n") == "\r\nPrivate key in PEM format:\r\n");
    CHECK(b.type("three\nfour\n\nlost") == "three\r\nfour\r\n\r\nOuter identity (optional): ");
    CHECK(b.type("me\n") == "me\r\nRoot CA in PEM format (optional):\r\n");
    b.host.result = kEnterpriseInvalid;
    CHECK(b.type("five\n\n").find("Derp. ") != std::string::npos);
    CHECK(b.host.enterprise.type == eap::kTls);
    CHECK(b.host.enterprise.client_certificate == "one\ntwo\n");
    CHECK(b.host.enterprise.private_key == "three\nfour\n");
    CHECK(b.host.enterprise.outer_identity == "me");
    CHECK(b.host.enterprise.root_certificate == "five\n");
    CHECK(b.host.security == (wiced::kWpa | wiced::kEnterprise | wiced::kTkip));
    CHECK(b.host.finished == 0);
  }
}

TEST_CASE("an open network in the air needs no further question") {
  Bench b;
  b.host.air[0].security = wiced::kOpen;
  b.type("w");
  CHECK(b.type("photonrig\n").find("photonrig\r\nThanks!") == 0);
}

TEST_CASE("a unit with a serial number or a secret tells everything") {
  Bench b;
  CHECK(b.type("i") == "Your device id is 0123456789abcdef01234567\r\n");
  b.host.secret = "ABCDEFGHIJKLMNO";
  CHECK(b.type("i") == "Device ID: 0123456789abcdef01234567\r\nDevice Secret: ABCDEFGHIJKLMNO\r\n");
  b.host.number = "PH-123456";
  CHECK(b.type("i").find("\r\nDevice Secret: ABCDEFGHIJKLMNO\r\nSerial Number: PH-123456\r\n") != std::string::npos);
  b.host.version = "0.6.3";
  CHECK(b.type("i") == "Your device id is 0123456789abcdef01234567\r\n");
}
