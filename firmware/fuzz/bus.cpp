// The drapery's driver on a line where anything may be heard at any time: its echo or not, answers, pieces of them, and
// other bytes.
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "Particle.h"
#include "base/monotonic.h"
#include "device/photon.h"
#include "drapery/src/bus_motor.h"
#include "input.h"
#include "test_housing.h"

namespace {

uint64_t now_us = 1000000000;

// A Photon with nothing on its pins, for all inputs.
struct Device {
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;

  Device() {
    vphoton::set_monotonic_source(&now_us);
    std::string state = std::filesystem::temp_directory_path() / "bus-fuzz-XXXXXX";
    vphoton::fuzz::require(mkdtemp(state.data()) != nullptr, "there is a folder");
    vphoton::Options options;
    options.state = state;
    options.device_id = std::string(12, '\x5A');
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    vphoton::fuzz::require(photon->boot().empty(), "it starts");
    std::filesystem::remove_all(state);
    wire_to(photon.get());
  }
};

// Dooya's agreement, version A4, for address 12 34: open, stop, go to 30, refused, at 30, at 0, opening, no travel.
const std::string kFrames[] = {
    std::string("\x55\x12\x34\x03\x01\xAD\x8A", 7),     std::string("\x55\x12\x34\x03\x03\x2C\x4B", 7),
    std::string("\x55\x12\x34\x03\x04\x1E\xC8\xE5", 8), std::string("\x55\x12\x34\x03\x04\xFF\x08\xAD", 8),
    std::string("\x55\x12\x34\x01\x01\x1E\x6A\x75", 8), std::string("\x55\x12\x34\x01\x01\x00\xEA\x7D", 8),
    std::string("\x55\x12\x34\x01\x01\x01\x2B\xBD", 8), std::string("\x55\x12\x34\x01\x01\xFF\xAA\x3D", 8),
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Device device;
  vphoton::Photon& photon = *device.photon;
  vphoton::fuzz::Input input(data, size);
  bool echoes = true;
  size_t stops = 0;
  bool answers = false;
  uint64_t driven_us = 0;  // since the line was last free, or a frame was out
  photon.uart().connect([&](const std::string& frame) {
    driven_us = 0;
    if (frame == kFrames[1]) ++stops;
    if (echoes) photon.uart().receive(frame);
    if (answers) photon.uart().receive(frame[3] == 3 ? frame : kFrames[5]);
  });
  BusMotor driver(D2, {0x12, 0x34});
  const auto run_for = [&](int ms) {
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      photon.process();
      driver.tick(millis());
      driven_us = photon.pin_read(D2) ? driven_us + 1000 : 0;
      vphoton::fuzz::require(driven_us <= 12000, "the line is let go");
      const shade::Feedback seen = driver.feedback();
      vphoton::fuzz::require(seen.measured >= 0 && seen.measured <= 10000, "a position is one");
      vphoton::fuzz::require(driver.due_in(millis()) <= 500 || driver.due_in(millis()) == shade::Driver::kNothingDue,
                             "it is never forgotten");
    }
  };
  driver.begin();
  while (!input.empty()) {
    const uint8_t what = input.byte();
    const uint16_t aim = static_cast<uint16_t>(what % 101 * 100);
    switch (what >> 5) {
      case 0:
        driver.run({what & 1 ? shade::Direction::Open : shade::Direction::Close, aim, true});
        break;
      case 1:
        driver.aim_at({shade::Direction::Open, aim, true});
        break;
      case 2:
        driver.stop();
        break;
      case 3:
        echoes = what & 1;
        break;
      case 4:
        photon.uart().receive(kFrames[what & 7]);
        break;
      case 5:
        photon.uart().receive(kFrames[what & 7].substr(0, input.byte() % 8));
        break;
      case 6:
        photon.uart().receive(input.bytes(what & 31));
        break;
      default:
        run_for(1 << (what & 7));
        break;
    }
  }
  // Once the line works, a stop comes through whatever was before, and the driver has done.
  echoes = answers = true;
  stops = 0;
  driver.stop();
  run_for(1500);
  vphoton::fuzz::require(stops > 0, "a stop is sent");
  vphoton::fuzz::require(driver.feedback().absolute, "the position is known at rest");
  vphoton::fuzz::require(driver.due_in(millis()) == shade::Driver::kNothingDue, "the line is left alone at rest");
  return 0;
}
