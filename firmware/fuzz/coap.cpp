// The CoAP parser: every view it hands out lies within the message.
#include "faces/cloud/coap.h"

#include "input.h"

using namespace vphoton::cloud;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly this size, so that a view beyond it is seen.
  const std::vector<char> copy(data, data + size);
  const std::string_view bytes(copy.data(), copy.size());
  const auto within = [&](std::string_view part) {
    return part.empty() || (part.data() >= bytes.data() && part.data() + part.size() <= bytes.data() + bytes.size());
  };
  const auto message = CoapMessage::parse(bytes);
  vphoton::fuzz::require(message.has_value() || size < 4 || (data[0] & 0x0F) > 8 || size < 4u + (data[0] & 0x0F),
                         "a message with a whole header and token is read");
  if (!message) return 0;
  uint16_t last = 0;
  for (const auto& option : message->options()) {
    vphoton::fuzz::require(within(option.value), "an option lies within the message");
    vphoton::fuzz::require(option.number >= last, "option numbers ascend");
    last = option.number;
    vphoton::fuzz::require(message->option(static_cast<CoapOptionNumber>(option.number)) != nullptr,
                           "an option is found by its number");
  }
  vphoton::fuzz::require(within(message->payload()), "the payload lies within the message");
  vphoton::fuzz::require(message->has_payload() || message->payload().empty(), "no payload without its marker");
  message->path();
  return 0;
}
