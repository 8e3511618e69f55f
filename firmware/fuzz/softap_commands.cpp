// Bodies of SoftAP commands, with a password that may have been encrypted for the device.
#include "base/hex.h"
#include "faces/softap/commands.h"
#include "faces/softap/flat_json.h"
#include "fake_setup_host.h"
#include "input.h"
#include "system/stored/device_key.h"

using namespace vphoton;

namespace {

const DeviceKeyPair& key_pair() {
  static const DeviceKeyPair pair = *generate_device_key();
  return pair;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr const char* kCommands[] = {"set", "configure-ap", "connect-ap", "scan-ap"};
  fuzz::Input input(data, size);
  const char* command = kCommands[input.byte() % 4];
  const std::string body = input.rest();
  test::FakeSetupHost host;
  host.private_key = key_pair().private_der + std::string(600, '\xFF');
  const auto answer = SoftApCommands(host).run(command, body);
  fuzz::require(host.code.size() <= 63, "a claim code stays within its field");
  fuzz::require(parse_flat_object(body) || host.ssid.empty(), "a body that cannot be read changes nothing");
  if (answer.empty()) fuzz::require(host.code.empty() && host.ssid.empty(), "without an answer nothing has changed");
  return 0;
}
