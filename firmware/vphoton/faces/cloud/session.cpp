#include "faces/cloud/session.h"

#include <algorithm>
#include <utility>

#include "base/crypto.h"
#include "faces/cloud/describe.h"
#include "faces/cloud/frame_codec.h"
#include "faces/cloud/messages.h"
#include "faces/cloud/system_events.h"

namespace vphoton::cloud {
namespace {

// Device OS 2.3.1: the table of subscriptions keeps 12 characters of a device id, so what is sent from it is cut.
constexpr size_t kTableDeviceId = 12;

constexpr size_t kClaimCodeSize = 63;

// Before Device OS 1.5.0 an unknown variable is read through a null pointer: what lies at address 0 is the bootloader's
// initial stack pointer (a choice).
const VariableValue kUnknownVariable = int32_t{0x20020000};

std::string subscription_key(const Subscription& subscription) {
  return std::to_string(static_cast<int>(subscription.scope)) + subscription.device_id + '/' + subscription.prefix;
}

}  // namespace

Session::Session(CloudHost& host, BootMemory& memory, SessionChannel& channel, std::function<uint64_t()> now_ms,
                 Start start)
    : host_(host),
      generation_(host.generation()),
      memory_(memory),
      channel_(channel),
      now_ms_(std::move(now_ms)),
      message_id_(start.message_id),
      token_(start.token),
      blocks_(
          generation_.max_sent_plaintext, [this](const std::string& plain) { send(plain); },
          [this] { return next_id(); }, [this] { return token_++; }),
      update_(host, [this](const std::string& plain) { send(plain); }, [this] { return next_id(); }) {}

Session::Start Session::Start::from_salt(const std::array<uint8_t, 8>& salt, const Generation& generation) {
  if (generation.legacy()) return {static_cast<uint16_t>(salt[0] << 8 | salt[1]), static_cast<uint8_t>(salt[2] + 1)};
  return {static_cast<uint16_t>(salt[0] | salt[1] << 8), random_byte()};
}

void Session::start() {
  state_ = State::AwaitHello;
  started_ms_ = last_received_ms_ = now_ms_();
  const uint8_t flags = generation_.hello_flags | (host_.last_update_succeeded() ? kHelloUpdateSucceeded : 0);
  std::string message = hello(next_id(), host_.product_id(), host_.product_version(), flags, host_.platform_id());
  if (generation_.long_hello)
    message += hello_details(generation_.module_version, static_cast<uint16_t>(generation_.max_sent_plaintext));
  send(message);
}

void Session::send(const std::string& plain) {
  if (closed()) return;
  // A choice: Device OS panics when a describe message outgrows its buffer; here the session ends.
  if (plain.size() > generation_.max_sent_plaintext)
    drop(CloudError::Protocol);
  else
    channel_.send(plain);
}

void Session::close() {
  if (closed()) return;
  state_ = State::Closed;
  waiting_.clear();
  auto self = shared_from_this();
  pending_acks_.fail_all();
  if (std::exchange(apply_ms_, std::nullopt)) channel_.apply_update_when_written();
}

void Session::drop(CloudError why) {
  if (closed()) return;
  auto self = shared_from_this();
  close();
  channel_.drop(why);
}

void Session::receive(const std::string& plain) {
  if (closed()) return;
  auto self = shared_from_this();
  last_received_ms_ = now_ms_();
  ping_sent_ms_.reset();
  const auto message = CoapMessage::parse(plain);
  if (!message) return;
  if (handling_ || host_.application_stopped()) {
    if (handling_of(*message) == Handling::Now)
      dispatch(*message);
    else if (waiting_.size() >= kMaxWaitingMessages)
      drop(CloudError::Protocol);
    else
      waiting_.push_back(plain);
    return;
  }
  handling_ = true;
  dispatch(*message);
  handling_ = false;
  handle_waiting();
}

void Session::handle_waiting() {
  handling_ = true;
  while (!waiting_.empty() && !host_.application_stopped()) {
    const std::string next = std::move(waiting_.front());
    waiting_.pop_front();
    dispatch(*CoapMessage::parse(next));
  }
  handling_ = false;
}

// While the application is stopped, only what needs it waits its turn.
Session::Handling Session::handling_of(const CoapMessage& message) const {
  if (message.code() == kEmpty || message.code() == kContent) return Handling::Now;
  return host_.application_stopped() && !needs_application(message) ? Handling::Now : Handling::InTurn;
}

bool Session::needs_application(const CoapMessage& message) const {
  if (message.code() == kPost) return message.path() == 'f';
  if (message.code() != kGet || message.path() != 'v') return false;
  const CoapOption* name = message.option(kUriPath, 1);
  const Variable* variable = name ? host_.app_surface().find_variable(std::string(name->value)) : nullptr;
  return variable && variable->calculated;
}

void Session::application_released() {
  if (closed() || handling_) return;
  auto self = shared_from_this();
  handle_waiting();
}

void Session::dispatch(const CoapMessage& message) {
  switch (message.code()) {
    case kEmpty:
      if (message.type() == CoapType::Con)
        send(empty_ack(answer_id(message)));
      else
        on_acknowledgement(message);
      break;
    case kGet:
      on_get(message);
      break;
    case kPost:
      on_post(message);
      break;
    case kPut:
      on_put(message);
      break;
    case kContent:
      on_time(message);
      break;
    default:
      on_acknowledgement(message);
  }
}

void Session::on_get(const CoapMessage& message) {
  if (message.path() == 'v') on_variable(message);
  if (message.path() == 'd') on_describe(message);
}

void Session::on_post(const CoapMessage& message) {
  switch (message.path()) {
    case 'E':
    case 'e':
      on_event(message);
      break;
    case 'h':
      on_hello(message);
      break;
    case 'f':
      on_function(message);
      break;
    case 's':
    case 'u':
      if (update_.begin(message, token_of(message), now_ms_())) ++memory_.updates_begun;
      break;
    case 'c':
      finish_update(update_.chunk(message, token_of(message), now_ms_()));
      break;
    default:
      break;
  }
}

void Session::on_put(const CoapMessage& message) {
  switch (message.path()) {
    case 'k':
      if (!generation_.legacy()) send(empty_ack(answer_id(message)));
      break;
    case 'u':
      finish_update(update_.done(message, token_of(message), now_ms_()));
      break;
    case 's':
      on_signal(message);
      break;
    default:
      break;
  }
}

void Session::on_acknowledgement(const CoapMessage& message) {
  if (message.type() == CoapType::Ack) pending_acks_.complete(message.id(), message.code() < kBadRequest);
  if (message.type() == CoapType::Ack) blocks_.acknowledged(message.id());
  if (message.type() == CoapType::Rst) pending_acks_.complete(message.id(), false);
}

void Session::on_hello(const CoapMessage& message) {
  if (message.type() == CoapType::Con && !generation_.legacy()) send(empty_ack(message.id()));
  if (state_ != State::AwaitHello) return;
  state_ = State::Established;
  host_.hello_acknowledged();
  send_system_start();
  if (generation_.posts_describe && (memory_.application_ready || host_.safe_mode())) send_application_start();
  if (!closed()) channel_.established();
}

void Session::send_system_start() {
  if (generation_.posts_describe) post_describe(kDescribeSystem);
  std::string claim_code = host_.claim_code();
  if (claim_code.empty() && generation_.presents_erased_claim_code && host_.claim_code_erased())
    claim_code.assign(kClaimCodeSize, '\xFF');
  if (!claim_code.empty()) send_system_event("spark/device/claim/code", claim_code);
  if (!generation_.long_hello) {
    send_system_event("spark/hardware/max_binary", "262144");
    send_system_event("spark/hardware/ota_chunk_size", "512");
  }
  if (host_.safe_mode()) send_system_event("spark/device/safemode", "");
  if (!memory_.last_reset_told) {
    const std::string last_reset = host_.last_reset();
    if (!last_reset.empty()) send_system_event("spark/device/last_reset", last_reset);
    memory_.last_reset_told = true;
  }
  update_flags_changed();
  if (!generation_.posts_describe) send_subscriptions();
  sync_time();
  if (const uint32_t errors = host_.key_errors()) send_system_event("spark/device/key/error", std::to_string(errors));
}

void Session::send_application_start() {
  post_describe(kDescribeApplication);
  send_subscriptions();
}

void Session::post_describe(uint8_t flags) {
  if (generation_.describe_in_blocks)
    blocks_.post(flags, describe(flags));
  else
    send(describe_post(next_id(), flags, describe(flags)));
}

void Session::send_subscriptions() {
  application_told_ = true;
  switch (generation_.system_subscriptions) {
    case SystemSubscriptions::SparkOfAll:
      send(subscription(next_id(), "spark", Scope::AllDevices, ""));
      break;
    case SystemSubscriptions::SparkThenParticle:
      send(subscription(next_id(), "spark", Scope::MyDevices, ""));
      send(subscription(next_id(), "particle", Scope::MyDevices, ""));
      break;
    case SystemSubscriptions::ParticleThenSpark:
      send(subscription(next_id(), "particle", Scope::MyDevices, ""));
      send(subscription(next_id(), "spark", Scope::MyDevices, ""));
      break;
  }
  for (const auto& subscription : host_.app_surface().subscriptions) send_subscription(subscription, true);
}

// What Device OS publishes whenever a flag has another value than before.
void Session::update_flags_changed() {
  if (!established() || !generation_.update_flags) return;
  auto tell = [this](std::optional<bool>& told, const char* name, bool now) {
    if (told == now) return;
    told = now;
    send_system_event(name, now ? "true" : "false");
  };
  tell(enabled_told_, "particle/device/updates/enabled", host_.updates_enabled());
  tell(forced_told_, "particle/device/updates/forced", host_.updates_forced());
}

void Session::say_goodbye(const Goodbye& why) {
  if (established() && generation_.says_goodbye) send(goodbye(next_id(), why));
}

// A choice: Device OS up to 0.6 restarts after a bad image, too; here it stays.
void Session::finish_update(OtaUpdate::Outcome outcome) {
  if (outcome == OtaUpdate::Outcome::Open) return;
  const bool good = outcome == OtaUpdate::Outcome::Accepted;
  if (generation_.update_result == UpdateResult::Event) {
    send_system_event("spark/device/ota_result", update_.result_text(good));
    if (good) apply_ms_ = now_ms_() + kResultEventMs;
  } else if (good) {
    channel_.apply_update_when_written();
  }
}

void Session::send_system_event(const char* name, const std::string& data) {
  if (!memory_.publish_rate.admit(name, now_ms_(), generation_.system_names)) return;
  PublishRequest request;
  request.name = name;
  request.data = data;
  request.has_data = true;
  request.is_private = true;
  send(event(next_id(), request, generation_.marks_empty_data));
}

void Session::send_subscription(const Subscription& wanted, bool from_table) {
  subscribed_.push_back(subscription_key(wanted));
  send(subscription(next_id(), wanted.prefix, wanted.scope,
                    from_table ? wanted.device_id.substr(0, kTableDeviceId) : wanted.device_id));
}

// A choice: metrics are answered only when asked for alone.
std::string Session::describe(uint8_t flags) const {
  if (flags == kDescribeMetrics) return describe_metrics(host_.vitals());
  return describe_json(flags, host_.app_surface(), host_.system_describe(), generation_.describe_in_blocks);
}

// The legacy engine, and the unified one up to 1.4, take the byte behind the header for the token.
Token Session::token_of(const CoapMessage& message) const {
  constexpr size_t kTokenAt = 4;
  if (generation_.variables_apart || message.token()) return message.token();
  if (message.bytes().size() <= kTokenAt) return std::nullopt;
  return static_cast<uint8_t>(message.bytes()[kTokenAt]);
}

void Session::on_describe(const CoapMessage& message) {
  if (generation_.describe_in_blocks)
    return blocks_.answer(message, [this](uint8_t flags) { return describe(flags); }, now_ms_());
  uint8_t flags = kDescribeSystem | kDescribeApplication;
  const CoapOption* query = message.option(kUriQuery);
  if (query && query->value.size() == 1) {
    const uint8_t asked = static_cast<uint8_t>(query->value[0]);
    const uint8_t most = generation_.legacy() ? flags : kDescribeAll;  // diagnostics came with the new engine
    if (asked >= 1 && asked <= most) flags = asked;
  }
  if (generation_.describe_apart) {
    send(empty_ack(message.id()));
    return send(describe_answer(next_id(), message.token(), describe(flags)));
  }
  std::string answer = piggybacked(message.id(), token_of(message), describe(flags));
  if (generation_.legacy() && answer.size() > generation_.max_sent_plaintext)
    answer.resize(generation_.max_sent_plaintext);  // cut off silently
  send(answer);
}

void Session::on_variable(const CoapMessage& message) {
  const Token token = token_of(message);
  if (!token) return drop(CloudError::Protocol);
  const CoapOption* name = message.option(kUriPath, 1);
  if (!name) return;
  const Variable* variable =
      name->value.size() > generation_.max_name ? nullptr : host_.app_surface().find_variable(std::string(name->value));
  if (generation_.variables_apart) {
    send(empty_ack(message.id()));
    if (!variable) return send(variable_not_found(next_id(), token));
  }
  VariableValue value = kUnknownVariable;
  if (variable) {
    const auto read = variable->read;  // a copy: reading may register another variable
    value = read();
  }
  if (closed()) return;
  const std::string bytes = value_bytes(value, generation_.max_variable_string);
  send(generation_.variables_apart ? variable_value(next_id(), token, bytes) : piggybacked(message.id(), token, bytes));
}

void Session::on_function(const CoapMessage& message) {
  const Token token = token_of(message);
  if (!token) return drop(CloudError::Protocol);
  const CoapOption* name = message.option(kUriPath, 1);
  if (!name) return;
  const CoapOption* query = message.option(kUriQuery);
  std::string argument;
  if (query) {
    argument = query->value;
  } else {
    // Without Uri-Query Device OS takes the padding behind the message for an option; so does this. What lies behind
    // the padding is not known, so the argument ends with it (a choice).
    const size_t padding = 16 - message.bytes().size() % 16;
    argument.assign(padding - 1, static_cast<char>(padding));
  }
  const bool too_long = argument.size() > generation_.max_argument;
  if (too_long && generation_.legacy())
    argument = previous_argument_;
  else if (too_long)
    argument.resize(generation_.max_argument);
  previous_argument_ = argument;
  send(too_long ? coded_ack(message.id(), kBadRequest, std::nullopt) : empty_ack(message.id()));
  const Function* function = host_.app_surface().find_function(std::string(name->value));
  if (!function || name->value.size() > generation_.max_name) return;
  const auto call = function->call;  // a copy: the call may register another function
  const int32_t result = call(argument);
  if (!closed()) send(function_result(next_id(), token, result));
}

void Session::on_event(const CoapMessage& message) {
  std::string name;
  for (size_t segment = 1; const CoapOption* option = message.option(kUriPath, segment); ++segment) {
    if (segment > 1) name += '/';
    name += option->value;
  }
  const std::string data(message.payload());
  handle_system_event(host_, name, message.has_payload() ? &data : nullptr);
  update_flags_changed();
  const auto subscriptions = host_.app_surface().subscriptions;  // a copy: a handler may subscribe
  for (const auto& subscription : subscriptions) {
    if (closed()) return;
    if (name.compare(0, subscription.prefix.size(), subscription.prefix) == 0)
      subscription.handler(name.c_str(), message.has_payload() ? data.c_str() : nullptr);
  }
}

// Any 2.05 counts as the time; the payload is read at a fixed offset, token byte included.
void Session::on_time(const CoapMessage& message) {
  constexpr size_t kOffset = 6;
  on_acknowledgement(message);
  if (message.bytes().size() < kOffset + 4) return;
  uint32_t seconds = read_u32(message.bytes(), kOffset);
  if (time_asked_ms_) seconds -= static_cast<uint32_t>((now_ms_() - *time_asked_ms_) / 2000);
  time_asked_ms_.reset();
  host_.set_time(seconds);
}

void Session::on_signal(const CoapMessage& message) {
  const CoapOption* query = message.option(kUriQuery);
  send(coded_ack(answer_id(message), kChanged, token_of(message)));
  host_.signal(query && !query->value.empty() && query->value[0] != 0);
}

void Session::application_ready() {
  if (established() && !application_told_ && generation_.posts_describe) send_application_start();
}

void Session::subscriptions_changed() {
  if (!established() || !application_told_) return;
  for (const auto& subscription : host_.app_surface().subscriptions) {
    const auto key = subscription_key(subscription);
    if (std::find(subscribed_.begin(), subscribed_.end(), key) == subscribed_.end())
      send_subscription(subscription, false);
  }
}

bool Session::publish(const PublishRequest& wanted, std::function<void(bool ok)> done) {
  PublishRequest request = wanted;
  // Device OS 0.6.3 to 3.3.1, communication/src/messages.cpp and publisher.cpp: what is too long is cut.
  request.name.resize(std::min(request.name.size(), generation_.max_event_name));
  request.data.resize(std::min(request.data.size(), generation_.max_event_data));
  if (!established() || update_.running() || request.name.empty() ||
      !memory_.publish_rate.admit(request.name, now_ms_(), generation_.system_names))
    return false;
  const uint16_t id = next_id();
  if (request.with_ack) pending_acks_.add(id, now_ms_(), std::move(done));
  send(event(id, request, generation_.marks_empty_data));
  return true;
}

void Session::sync_time() {
  if (!established()) return;
  time_asked_ms_ = now_ms_();
  send(time_request(next_id(), token_++));
}

void Session::tick() {
  if (closed()) return;
  auto self = shared_from_this();
  const uint64_t now = now_ms_();
  if (state_ == State::AwaitHello) {
    if (now >= started_ms_ + generation_.hello_timeout_ms) drop(CloudError::TimedOut);
    return;
  }
  pending_acks_.expire(now);
  update_.expire(now);
  if (apply_ms_ && now >= *apply_ms_) {
    apply_ms_.reset();
    channel_.apply_update_when_written();
  }
  if (closed() || update_.running()) return;
  if (ping_sent_ms_ && now >= *ping_sent_ms_ + kPingTimeoutMs) return drop(CloudError::NoAnswer);
  if (!ping_sent_ms_ && now >= last_received_ms_ + kPingAfterMs) {
    ping_sent_ms_ = now;
    send(ping(next_id()));
  }
}

uint64_t Session::deadline() const {
  if (state_ == State::AwaitHello) return started_ms_ + generation_.hello_timeout_ms;
  uint64_t due = ping_sent_ms_ ? *ping_sent_ms_ + kPingTimeoutMs : last_received_ms_ + kPingAfterMs;
  if (update_.running()) due = update_.next_ms().value_or(apply_ms_.value_or(UINT64_MAX));
  return std::min(due, pending_acks_.deadline().value_or(UINT64_MAX));
}

}  // namespace vphoton::cloud
