#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/json.h"
#include "base/monotonic.h"
#include "device/photon.h"
#include "temporary_folder.h"
#include "test_housing.h"

using namespace vphoton;

namespace {

constexpr uint64_t kMs = 1000;

// A device on its way through the reset that a panic ends with, in time that the test moves.
class Panicking {
 public:
  explicit Panicking(uint32_t code) {
    set_monotonic_source(&now_us_);
    Options options;
    options.state = folder_.path();
    Resume resume;
    resume.reason = ResetReason::Panic;
    resume.data = code;
    Pins driven;
    driven.set_mode(0, PinMode::Output);
    driven.write(0, 1);
    resume.pins = driven.carried();
    photon_ = std::make_unique<Photon>(std::move(options), std::move(resume), housing_);
    REQUIRE(photon_->boot() == "");
  }
  ~Panicking() { set_monotonic_source(nullptr); }

  void pass_ms(uint64_t ms) {
    now_us_ += ms * kMs;
    photon_->process();
  }
  std::string ask(const char* request) { return photon_->control(*JsonValue::parse(request)); }
  std::string mode() { return JsonValue::parse(ask(R"({"do":"status"})"))->string_at("mode").value_or(""); }
  uint32_t millis() { return photon_->millis(); }
  int output() { return photon_->pins().duty(0); }

 private:
  uint64_t now_us_ = 1000 * kMs;
  test::TemporaryFolder folder_;
  test::TestHousing housing_;
  std::unique_ptr<Photon> photon_;
};

}  // namespace

// Device OS 2.3.1, panic_(): 4.6 s of SOS and pauses and 0.6 s for each blink of the code, both twice.
TEST_CASE("a panic lasts as long as a Photon's; its outputs stay on until then, and the reset is after it") {
  for (const auto& [code, ms] : {std::pair{1u, 10400u}, {5u, 15200u}, {10u, 21200u}, {13u, 24800u}}) {
    CAPTURE(code);
    Panicking device(code);
    device.pass_ms(ms - 1);
    CHECK(device.mode() == "panic");
    CHECK(device.output() > 0);
    device.pass_ms(1);
    CHECK(device.mode() == "safe_mode");  // it has no application
    CHECK(device.output() == 0);
    CHECK(device.millis() == 0);
  }
}

TEST_CASE("a bench need not wait for the end of an SOS") {
  Panicking device(13);
  CHECK(device.ask(R"({"do":"end_sos"})") == R"({"ok":true})");
  CHECK(device.mode() == "panic");
  device.pass_ms(0);
  CHECK(device.mode() == "safe_mode");
  CHECK(device.output() == 0);
  CHECK(device.ask(R"({"do":"end_sos"})").find("does not panic") != std::string::npos);
  device.pass_ms(30000);
  CHECK(device.mode() == "safe_mode");
}
