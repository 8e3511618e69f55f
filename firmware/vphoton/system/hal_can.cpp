// Table hal_can: CAN_D1_D2, with nobody else on the bus. In test mode a message comes back to its sender, through its
// filters; without, nobody acknowledges one, so that it stays in its queue and the bus is off, as on a Photon alone.
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint32_t kTestMode = 1;
enum Errors : uint8_t { kNoError, kErrorPassive, kBusOff };
enum FilterKind : uint8_t { kStandard, kExtended };
// struct CANMessage, abi/include/device_os/can.h.
constexpr uint32_t kMessage = 16, kExtendedAt = 5;
constexpr size_t kMostFilters = 14;  // of CAN2 on the STM32F2: a choice
constexpr size_t kMostQueue = 255;   // available() is a byte

struct Filter {
  uint32_t id;
  uint32_t mask;
  uint8_t kind;
};

struct Channel {
  bool enabled = false;
  bool loops = false;
  size_t most_received = 32;
  size_t most_sent = 32;
  std::deque<std::string> received;
  std::vector<Filter> filters;
  size_t waiting = 0;  // messages that nobody acknowledges
};

Channel& channel_of(Application& app) { return app.state<Channel>(); }

bool passes(const Channel& channel, uint32_t id, bool extended) {
  if (channel.filters.empty()) return true;
  return std::any_of(channel.filters.begin(), channel.filters.end(), [id, extended](const Filter& filter) {
    return (filter.kind == kExtended) == extended && (id & filter.mask) == (filter.id & filter.mask);
  });
}

void init(Application& app, uint8_t, uint16_t receive, uint16_t send, uint32_t) {
  Channel& its = channel_of(app);
  its.most_received = std::min<size_t>(receive, kMostQueue);
  its.most_sent = send;
}

void end(Application& app, uint8_t, uint32_t) {
  Channel& its = channel_of(app);
  its.enabled = false;
  its.received.clear();
  its.waiting = 0;
}

void begin(Application& app, uint8_t channel, uint32_t, uint32_t flags, uint32_t) {
  end(app, channel, 0);
  channel_of(app).enabled = channel == 0;
  channel_of(app).loops = (flags & kTestMode) != 0;
}

bool transmit(Application& app, uint8_t, uint32_t message, uint32_t) {
  Channel& its = channel_of(app);
  if (!its.enabled) return false;
  if (!its.loops) return its.waiting < its.most_sent && ++its.waiting;
  if (!passes(its, app.get<uint32_t>(message), app.get<uint8_t>(message + kExtendedAt) != 0)) return true;
  const uint8_t* bytes = app.bytes(message, kMessage);
  if (its.received.size() < its.most_received) its.received.emplace_back(bytes, bytes + kMessage);
  return true;
}

bool receive(Application& app, uint8_t, uint32_t to, uint32_t) {
  Channel& its = channel_of(app);
  if (its.received.empty()) return false;
  app.write(to, its.received.front());
  its.received.pop_front();
  return true;
}

uint8_t available(Application& app, uint8_t, uint32_t) { return static_cast<uint8_t>(channel_of(app).received.size()); }

bool add_filter(Application& app, uint8_t, uint32_t id, uint32_t mask, uint32_t kind, uint32_t) {
  Channel& its = channel_of(app);
  if (its.filters.size() >= kMostFilters) return false;
  its.filters.push_back({id, mask, static_cast<uint8_t>(kind)});
  return true;
}

void clear_filters(Application& app, uint8_t, uint32_t) { channel_of(app).filters.clear(); }

bool is_enabled(Application& app, uint8_t) { return channel_of(app).enabled; }

uint8_t error_status(Application& app, uint8_t) { return channel_of(app).waiting ? kBusOff : kNoError; }

}  // namespace

SystemFunctions hal_can_functions() {
  return {
      serves<init>("HAL_CAN_Init"),
      serves<begin>("HAL_CAN_Begin"),
      serves<end>("HAL_CAN_End"),
      serves<transmit>("HAL_CAN_Transmit"),
      serves<receive>("HAL_CAN_Receive"),
      serves<available>("HAL_CAN_Available_Messages"),
      serves<add_filter>("HAL_CAN_Add_Filter"),
      serves<clear_filters>("HAL_CAN_Clear_Filters"),
      serves<is_enabled>("HAL_CAN_Is_Enabled"),
      serves<error_status>("HAL_CAN_Error_Status"),
  };
}

}  // namespace vphoton::system
