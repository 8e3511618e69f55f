#include "board/peripherals.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/hex.h"
#include "base/log.h"

namespace vphoton {
namespace {

constexpr uint64_t kPatienceMs = 30000;  // a bench that does not answer for so long is gone
constexpr size_t kLongestLine = 1024 * 1024;
constexpr int kFullDuty = 255;

// Numbers from 0 to `most`; nothing when the member is anything else.
std::optional<std::vector<int>> numbers(const JsonValue& object, const char* name, int most) {
  std::vector<int> found;
  const JsonValue* list = object.find(name);
  if (!list) return found;
  if (list->type != JsonValue::Type::Array) return std::nullopt;
  for (const JsonValue& item : list->items) {
    if (item.type != JsonValue::Type::Number || !(item.number >= 0 && item.number <= most)) return std::nullopt;
    found.push_back(static_cast<int>(item.number));
  }
  return found;
}

std::string list(const std::vector<int>& numbers) {
  std::string text;
  for (int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return "[" + text + "]";
}

std::string line(const JsonObject& object) { return object.str() + "\n"; }

}  // namespace

std::string Peripherals::attach(const JsonValue& what, bool wired) {
  const std::string path = what.string_at("socket").value_or("");
  const bool serial1 = what.bool_at("serial1").value_or(false), spi = what.bool_at("spi").value_or(false);
  auto addresses = numbers(what, "i2c", 0x7F), pins = numbers(what, "pins", kPinCount - 1);
  if (!addresses || !pins) return "peripherals: \"i2c\" are addresses from 0 to 127, \"pins\" numbers of pins";
  if (wired && (serial1 || spi)) return "peripherals: Serial1 and SPI are wired to a model of a shade's motor";
  if (path != path_) {
    connection_.reset();
    received_.clear();
    path_.clear();
    if (!path.empty())
      if (std::string error = connect(path); !error.empty()) return "peripherals: " + error;
    path_ = path;
  }
  attached_ = path.empty() ? ""
                           : JsonObject()
                                 .add("socket", path)
                                 .add_raw("i2c", list(*addresses))
                                 .add_raw("pins", list(*pins))
                                 .add("serial1", serial1)
                                 .add("spi", spi)
                                 .str();
  addresses_ = std::move(*addresses);
  board_.i2c.connect({[this](uint8_t address, const std::string& bytes) { return i2c_write(address, bytes); },
                      [this](uint8_t address, size_t size) { return i2c_read(address, size); }});
  if (!wired) {
    board_.uart.connect(
        serial1 ? [this](const std::string& bytes) { tell(line(JsonObject().add("serial1", to_hex(bytes)))); }
                : std::function<void(const std::string&)>());
    board_.spi.connect(spi ? [this](const std::string& sent, uint32_t) { return exchange(sent); }
                           : std::function<std::string(const std::string&, uint32_t)>());
  }
  if (!std::exchange(heard_, true)) board_.pins.on_output([this](int pin) { pin_changed(pin); });
  const std::vector<int> before = std::exchange(pins_, std::move(*pins));
  for (int pin : pins_)
    if (std::find(before.begin(), before.end(), pin) == before.end()) pin_changed(pin);
  return "";
}

std::string Peripherals::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return path + ": too long for a socket";
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const std::string error = path + ": " + strerror(errno);
    if (fd >= 0) close(fd);
    return error;
  }
  connection_ = std::make_unique<Connection>(reactor_, fd, [this](const std::string& data) { received(data); });
  return "";
}

void Peripherals::received(const std::string& data) {
  if (data.empty() || received_.size() + data.size() > kLongestLine) {
    log_warning("the peripherals' models are gone");
    connection_.reset();
    path_.clear();
    return;
  }
  received_ += data;
  for (size_t end; (end = received_.find('\n')) != std::string::npos;) {
    const auto value = JsonValue::parse(received_.substr(0, end));
    received_.erase(0, end + 1);
    if (value && value->type == JsonValue::Type::Object) take(*value);
  }
}

void Peripherals::take(const JsonValue& line) {
  const auto pin = line.int_at("drive"), level = line.int_at("level");
  if (pin && level) {
    board_.pins.drive(*pin, *level);
  } else if (const auto bytes = line.string_at("serial1")) {
    board_.uart.receive(from_hex(*bytes).value_or(""));
  } else if (const auto number = line.int_at("answer")) {
    answers_[*number] = line;
  }
}

void Peripherals::pin_changed(int pin) {
  if (std::find(pins_.begin(), pins_.end(), pin) == pins_.end()) return;
  const int duty = board_.pins.duty(pin);
  const int level = board_.pins.mode(pin) == PinMode::AnalogOutput ? duty : duty == kFullDuty;
  tell(line(JsonObject().add("pin", pin).add("level", level)));
}

void Peripherals::tell(const std::string& line) {
  if (connection_) connection_->send(line);
}

// While the application stands still a timer of its may begin another transfer, which ends first.
std::optional<JsonValue> Peripherals::ask(JsonObject question) {
  const int number = ++asked_;
  tell(line(question.add("ask", number)));
  const uint64_t until = reactor_.now_ms() + kPatienceMs;
  const auto timer = reactor_.after(kPatienceMs, [] {});
  while (connection_ && !answers_.count(number) && reactor_.now_ms() < until) stand_by_();
  reactor_.cancel(timer);
  auto answer = answers_.extract(number);
  if (answer) return std::move(answer.mapped());
  if (connection_) log_warning("the peripherals' models do not answer");
  return std::nullopt;
}

bool Peripherals::listens_to(uint8_t address) const {
  return connection_ && std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
}

bool Peripherals::i2c_write(uint8_t address, const std::string& bytes) {
  if (!listens_to(address)) return false;
  const auto answer = ask(JsonObject().add("i2c_write", address).add("data", to_hex(bytes)));
  return answer && answer->bool_at("acknowledged").value_or(false);
}

std::optional<std::string> Peripherals::i2c_read(uint8_t address, size_t size) {
  if (!listens_to(address)) return std::nullopt;
  const auto answer = ask(JsonObject().add("i2c_read", address).add("size", static_cast<long long>(size)));
  if (!answer || !answer->bool_at("acknowledged").value_or(false)) return std::nullopt;
  std::string data = from_hex(answer->string_at("data").value_or("")).value_or("");
  data.resize(size, '\xFF');  // a line that is pulled up
  return data;
}

std::string Peripherals::exchange(const std::string& sent) {
  const auto answer = ask(JsonObject().add("spi", to_hex(sent)));
  std::string back = answer ? from_hex(answer->string_at("data").value_or("")).value_or("") : "";
  back.resize(sent.size(), '\xFF');
  return back;
}

}  // namespace vphoton
