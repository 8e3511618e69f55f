// An established cloud session under whatever a server may send, while the application publishes, subscribes and waits,
// and the clock runs.
#include "faces/cloud/session.h"

#include "cloud_test_support.h"
#include "faces/cloud/frame_codec.h"
#include "input.h"

using namespace vphoton;
using namespace vphoton::cloud;
using namespace vphoton::cloud::test;

namespace {

constexpr int kDeepestWait = 4;  // functions that wait while another one waits

class Bench : public SessionBench {
 public:
  explicit Bench(fuzz::Input& input) : input_(input) {
    // The application is asked while it answers, as it is when it calls delay().
    host.surface.functions.push_back({"wait", [this](const std::string& argument) {
                                        if (++waiting_ <= kDeepestWait) act();
                                        --waiting_;
                                        return static_cast<int32_t>(argument.size());
                                      }});
    host.surface.subscriptions.push_back({"more", Scope::MyDevices, "", [this](const char* name, const char* data) {
                                            subscribe(name);
                                            publish(data ? data : "");
                                          }});
  }

  void act() {
    switch (input_.byte() % 16) {
      case 0:
        now += static_cast<uint64_t>(input_.byte()) * 250;
        return session->tick();
      case 1:
        return publish(input_.block());
      case 2:
        return subscribe(input_.bytes(input_.byte()));
      case 3:
        return session->application_ready();
      case 4:
        return session->sync_time();
      case 5:
        host.validate_result = -1330;
        break;
      case 6:
        host.write_result = -225;
        break;
      case 7:
        host.enabled = !host.enabled;
        break;
      default:
        session->receive(input_.block().substr(0, kMaxReceivedCiphertext - 1));
    }
  }

 private:
  void publish(const std::string& data) {
    PublishRequest request = publish_of(data.substr(0, data.size() % 80));
    request.data = data;
    request.has_data = !data.empty();
    request.with_ack = data.size() % 2;
    session->publish(request, [this](bool) { subscribe("outcome"); });
  }

  void subscribe(const std::string& prefix) {
    if (host.surface.subscriptions.size() >= 8) return;
    host.surface.subscriptions.push_back({prefix, Scope::AllDevices, "", [](const char*, const char*) {}});
    session->subscriptions_changed();
  }

  fuzz::Input& input_;
  int waiting_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t setting = input.byte();
  Bench bench(input);
  bench.host.in_safe_mode = setting & 1;
  bench.memory.application_ready = setting & 2;
  if (setting & 4) bench.host.code = std::string(63, 'c');
  bench.start(0x1234);
  if (!(setting & 8)) bench.session->receive(bytes("50020001 B168"));
  while (!input.empty() && !bench.channel.dropped) {
    bench.act();
    bench.session->deadline();
  }
  for (const auto& message : bench.channel.sent) {
    fuzz::require(message.size() <= kMaxSentPlaintext, "a message fits the buffer");
    fuzz::require(CoapMessage::parse(message).has_value(), "what is sent is CoAP");
  }
  for (const auto& [offset, chunk] : bench.host.image)
    fuzz::require(offset + chunk.size() <= bench.host.image_length, "a chunk lies within the image");
  return 0;
}
