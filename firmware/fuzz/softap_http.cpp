// The HTTP service of SoftAP: the segment with the header, more segments, then the command itself.
#include "faces/softap/commands.h"
#include "faces/softap/http_request.h"
#include "fake_setup_host.h"
#include "input.h"

using namespace vphoton;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const size_t header = static_cast<size_t>(input.byte()) * 4;
  const uint8_t piece = input.byte();
  HttpRequest request;
  request.feed(header ? input.bytes(header) : input.rest());
  for (const auto& segment : fuzz::pieces(input.rest(), piece)) {
    if (request.state() != HttpRequest::State::Incomplete) break;
    request.feed(segment);
  }
  http_type_accepted(request.content_type(), "application/octet-stream");
  if (request.state() != HttpRequest::State::Complete) return 0;
  fuzz::require(request.body().size() <= 8192, "a body stays within its bound");
  fuzz::require(request.path().find('?') == std::string::npos, "a path carries no query");
  if (request.path().empty() || !SoftApCommands::known(request.path().substr(1))) return 0;
  test::FakeSetupHost host;
  SoftApCommands(host).run(request.path().substr(1), request.body());
  return 0;
}
