// The setup console and its line reader, typed at in pieces.
#include "faces/console/setup_console.h"

#include "faces/console/line_reader.h"
#include "fake_setup_host.h"
#include "input.h"

using namespace vphoton;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t setting = input.byte();
  test::FakeSetupHost host;
  host.result = setting & 1 ? kCredentialsFailed : kCredentialsStored;
  host.is_claimed = setting & 2;
  if (setting & 4) host.air[0].security = wiced::kOpen;
  size_t written = 0;
  SetupConsole console(host, [&](const std::string& text) { written += text.size(); });
  while (!input.empty()) {
    const uint8_t length = input.byte();
    if (length == 0xFF)
      console.restart();
    else
      console.feed(input.bytes(length));
  }
  fuzz::require(host.code.size() <= 63, "a claim code stays within its field");
  fuzz::require(host.ssid.size() <= 32 && host.password.size() <= 64, "credentials stay within their fields");

  fuzz::Input again(data, size);
  LineReader reader(again.byte());
  std::string echo;
  for (char c : again.rest())
    if (reader.feed(c, &echo)) break;
  fuzz::require(reader.line().size() <= (size ? data[0] : 0), "a line stays within its bound");
  return 0;
}
