// vphoton: one virtual Photon per process.
#include <cstdio>
#include <string>
#include <vector>

#include "core/crypto_library.h"
#include "core/log.h"
#include "core/options.h"
#include "core/photon.h"
#include "core/resume.h"

int main(int argc, char* argv[]) {
  std::string error;
  auto options = vphoton::Options::parse(std::vector<std::string>(argv + 1, argv + argc), &error);
  if (!options) {
    fprintf(stderr, "vphoton: %s; see vphoton --help\n", error.c_str());
    return 2;
  }
  if (options->help) {
    fputs(vphoton::kHelp, stdout);
    return 0;
  }
  vphoton::log_verbosely(options->log);
  vphoton::start_crypto_library();
  vphoton::Photon photon(std::move(*options), vphoton::Resume::take(), argv);
  error = photon.boot();
  if (!error.empty()) {
    fprintf(stderr, "vphoton: %s\n", error.c_str());
    return 2;
  }
  photon.announce();
  photon.run();
}
