// vphoton: a virtual Photon, or a rack of them.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/crypto_library.h"
#include "base/log.h"
#include "base/signals.h"
#include "device/housing.h"
#include "device/options.h"
#include "device/photon.h"
#include "device/resume.h"
#include "rack/rack.h"
#include "trial/trial.h"

namespace vphoton {
namespace {

// A reset starts the program anew, so that firmware really is loaded afresh.
class OwnProcess : public Housing {
 public:
  explicit OwnProcess(char* const argv[]) : argv_(argv) {}
  Turns* turns() override { return nullptr; }
  bool shared() const override { return false; }
  [[noreturn]] void restart(const Resume& next) override { next.restart(argv_); }
  // Not exit(): the firmware's destructors have no place in a device that is switched off.
  [[noreturn]] void off() override { _exit(0); }

 private:
  char* const* argv_;
};

int fail(const std::string& error) {
  fprintf(stderr, "vphoton: %s\n", error.c_str());
  return 2;
}

int run_one(Options options, char* argv[]) {
  OwnProcess process(argv);
  Photon photon(std::move(options), Resume::take(), process);
  std::string error = photon.boot();
  if (!error.empty()) return fail(error);
  photon.announce();
  photon.run();
}

int run_rack(Options options) {
  Rack rack(std::move(options));
  std::string error = rack.open();
  if (!error.empty()) return fail(error);
  rack.announce();
  rack.run();
}

}  // namespace
}  // namespace vphoton

int main(int argc, char* argv[]) {
  std::string error;
  auto options = vphoton::Options::parse(std::vector<std::string>(argv + 1, argv + argc), &error);
  if (!options) return vphoton::fail(error + "; see vphoton --help");
  if (options->help) {
    fputs(vphoton::kHelp, stdout);
    return 0;
  }
  vphoton::log_verbosely(options->log);
  if (!options->trial.empty()) {
    const int code = vphoton::trial::run_trial(options->trial, options->firmware, &error);
    return error.empty() ? code : vphoton::fail(error);
  }
  vphoton::start_crypto_library();
  return options->rack ? vphoton::run_rack(std::move(*options)) : vphoton::run_one(std::move(*options), argv);
}
