// The TCP service of SoftAP: framing, then the command itself.
#include "faces/softap/commands.h"
#include "faces/softap/tcp_request.h"
#include "fake_setup_host.h"
#include "input.h"

using namespace vphoton;

namespace {

TcpRequest read(const std::vector<std::string>& stream) {
  TcpRequest request;
  for (const auto& piece : stream) request.feed(piece);
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t piece = input.byte();
  const std::string stream = input.rest();
  const TcpRequest request = read({stream});
  const TcpRequest split = read(fuzz::pieces(stream, piece));
  fuzz::require(
      request.state() == split.state() && request.command() == split.command() && request.body() == split.body(),
      "the split of a stream does not matter");
  fuzz::require(request.command().size() <= 30 && request.body().size() <= 8192, "a request stays within its bounds");
  if (request.state() != TcpRequest::State::Complete || !SoftApCommands::known(request.command())) return 0;
  test::FakeSetupHost host;
  SoftApCommands(host).run(request.command(), request.body());
  return 0;
}
