// The Wiring API on a virtual Photon that is up but connected to nothing.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "application.h"
#include "core/photon.h"
#include "test_housing.h"

namespace {

struct Fixture {
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;

  Fixture() {
    state = std::filesystem::temp_directory_path() / "wiring-test-XXXXXX";
    REQUIRE(mkdtemp(state.data()) != nullptr);
    vphoton::Options options;
    options.state = state;
    options.device_id = std::string("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67", 12);
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    REQUIRE(photon->boot() == "");
  }
  ~Fixture() {
    photon.reset();
    std::filesystem::remove_all(state);
  }
  vphoton::VariableValue read(const char* name) { return photon->surface().find_variable(name)->read(); }
};

struct Target {
  int sum = 0;
  int add(String argument) { return sum += static_cast<int>(argument.toInt()); }
  void on_event(const char*, const char*) { ++sum; }
};

int echo_length(String argument) { return static_cast<int>(argument.length()); }

void ignore(const char*, const char*) {}

}  // namespace

TEST_CASE("wiring: variables are read when asked, each in its own type") {
  Fixture f;
  static bool flag = true;
  static int number = -3;
  static uint32_t big = 0xFFFFFFFF;
  static double real = 0.5;
  static String text("abc");
  static char array[8] = "xyz";
  const char* literal = "lit";
  CHECK(Particle.variable("flag", flag));
  CHECK(Particle.variable("number", number));
  CHECK(Particle.variable("big", big));
  CHECK(Particle.variable("real", real));
  CHECK(Particle.variable("text", text));
  CHECK(Particle.variable("array", array));
  CHECK(Particle.variable("literal", literal));
  CHECK(Particle.variable("computed", [] { return String(number); }));
  number = 44;
  array[0] = 'X';
  text += 'd';
  CHECK(std::get<bool>(f.read("flag")));
  CHECK(std::get<int32_t>(f.read("number")) == 44);
  CHECK(std::get<int32_t>(f.read("big")) == -1);
  CHECK(std::get<double>(f.read("real")) == 0.5);
  CHECK(std::get<std::string>(f.read("text")) == "abcd");
  CHECK(std::get<std::string>(f.read("array")) == "Xyz");
  CHECK(std::get<std::string>(f.read("literal")) == "lit");
  CHECK(std::get<std::string>(f.read("computed")) == "44");
}

TEST_CASE("wiring: functions take their argument, as function, member or lambda") {
  Fixture f;
  static Target target;
  CHECK(Particle.function("length", echo_length));
  CHECK(Particle.function("add", &Target::add, &target));
  CHECK(Particle.function("lambda", [](String) { return -7; }));
  auto call = [&](const char* name, const std::string& argument) {
    return f.photon->surface().find_function(name)->call(argument);
  };
  CHECK(call("length", std::string("a\0b", 3)) == 3);
  CHECK(call("add", "5") == 5);
  CHECK(call("add", "6") == 11);
  CHECK(call("lambda", "") == -7);
}

TEST_CASE("wiring: a name may be registered again, and may be as long as the device takes") {
  Fixture f;
  static int first = 1, second = 2;
  CHECK(Particle.variable("same", first));
  CHECK(Particle.variable("same", second));
  CHECK(f.photon->surface().variables.size() == 1);
  CHECK(std::get<int32_t>(f.read("same")) == 2);
  CHECK(Particle.variable(std::string(64, 'n').c_str(), first));
  CHECK_FALSE(Particle.variable(std::string(65, 'n').c_str(), first));
  CHECK_FALSE(Particle.function(std::string(65, 'n').c_str(), echo_length));
  CHECK_FALSE(Particle.variable("", first));
}

TEST_CASE("wiring: what does not fit the description is refused") {
  Fixture f;
  // {"f":["nn0000",...],"v":{}} holds 15 bytes and 9 for each function but the first, which needs no comma.
  int registered = 0;
  char name[16];
  for (int i = 0; i < 100; ++i) {
    snprintf(name, sizeof name, "nn%04d", i);
    registered += Particle.function(name, echo_length);
  }
  CHECK(registered == 83);
}

TEST_CASE("wiring: four subscriptions, prefixes of up to 63 characters") {
  Fixture f;
  static Target target;
  CHECK_FALSE(Particle.subscribe(std::string(64, 'p').c_str(), ignore));
  CHECK(Particle.subscribe("a", ignore));
  CHECK(Particle.subscribe("b", ignore, MY_DEVICES));
  CHECK(Particle.subscribe("c", ignore, "0123456789abcdef01234567"));
  CHECK(Particle.subscribe("d", &Target::on_event, &target, MY_DEVICES));
  CHECK_FALSE(Particle.subscribe("e", ignore));
  const auto& list = f.photon->surface().subscriptions;
  CHECK(list[0].scope == vphoton::Scope::AllDevices);
  CHECK(list[1].scope == vphoton::Scope::MyDevices);
  CHECK(list[2].scope == vphoton::Scope::OneDevice);
  list[3].handler("d/x", nullptr);
  CHECK(target.sum == 1);
}

TEST_CASE("wiring: an event is refused without a cloud") {
  Fixture f;
  CHECK_FALSE(Particle.connected());
  CHECK_FALSE(Particle.publish("name"));
  CHECK_FALSE(Particle.publish("name", "data", 60, PRIVATE | WITH_ACK));
  CHECK(Particle.publish("name", "data", PRIVATE, WITH_ACK).isFailed());
}

TEST_CASE("wiring: EEPROM keeps what is put, and nothing beyond its end") {
  Fixture f;
  CHECK(EEPROM.length() == 2048);
  CHECK(EEPROM.read(0) == 0xFF);
  struct Record {
    uint32_t a;
    uint8_t b;
  } record = {7, 9}, back = {0, 0};
  EEPROM.put(2040, record);
  EEPROM.get(2040, back);
  CHECK(back.a == 7);
  CHECK(back.b == 9);
  EEPROM.put(2044, record);  // would reach beyond
  EEPROM.get(2040, back);
  CHECK(back.b == 9);
  EEPROM.write(-1, 1);
  EEPROM.write(2048, 1);
  CHECK(EEPROM.read(2048) == 0xFF);
  EEPROM.clear();
  CHECK(EEPROM.read(2040) == 0xFF);
}

TEST_CASE("wiring: a pin is driven only as an output") {
  Fixture f;
  digitalWrite(D3, HIGH);
  CHECK(f.photon->pin_read(3) == 0);
  pinMode(D3, OUTPUT);
  CHECK(getPinMode(D3) == OUTPUT);
  digitalWrite(D3, HIGH);
  CHECK(f.photon->pin_read(3) == 1);
  pinMode(200, OUTPUT);
  CHECK(getPinMode(200) == PIN_MODE_NONE);
}

TEST_CASE("wiring: identity and versions") {
  Fixture f;
  CHECK(System.deviceID() == "0123456789abcdef01234567");
  CHECK(System.version() == "2.3.1");
  CHECK_FALSE(Time.isValid());
  CHECK(Time.format(1700000000, TIME_FORMAT_ISO8601_FULL) == "2023-11-14T22:13:20Z");
  CHECK(Time.weekday(1700000000) == 3);
}

TEST_CASE("wiring: waiting ends with its condition or its time") {
  Fixture f;
  uint32_t started = millis();
  CHECK_FALSE(waitFor(Particle.connected, 20));
  CHECK(millis() - started >= 20);
  CHECK(waitFor(Time.isValid, 0) == false);
}
