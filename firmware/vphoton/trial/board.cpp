#include "trial/board.h"

#include <algorithm>
#include <optional>

#include "base/json.h"
#include "system/services/panic.h"
#include "system/services/system_events.h"
#include "system/stored/dct.h"

namespace vphoton::trial {
namespace {

constexpr size_t kLongestLine = 4096;
constexpr uint64_t kSoonUs = 10000;

}  // namespace

bool Cloud::publish(const PublishRequest& request, std::function<void(bool ok)> done) {
  if (!connected_) return false;
  publish_(request);
  if (done) done(true);
  return true;
}

int Usb::peek() { return received_.empty() ? -1 : static_cast<uint8_t>(received_[0]); }

int Usb::read() {
  const int byte = peek();
  if (byte >= 0) received_.erase(0, 1);
  return byte;
}

size_t Usb::write(const uint8_t* data, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == '\n' || sent_.size() == kLongestLine) {
      line_(sent_);
      sent_.clear();
    } else if (data[i] != '\r') {
      sent_ += static_cast<char>(data[i]);
    }
  }
  return size;
}

Board::Board(Clock& clock, Kept& kept, Seen& seen, int start, const std::string& wired_to, const Restart& why,
             uint32_t random)
    : clock_(clock),
      kept_(kept),
      eeprom_({[&kept](size_t offset, size_t size) { return kept.eeprom.substr(offset, size); },
               [&kept](size_t offset, const std::string& data) { kept.eeprom.replace(offset, data.size(), data); },
               [this](uint32_t ms) { delay_us(ms * 1000); }}),
      why_(why),
      began_us_(clock.us()),
      random_(random | 1),
      uart_(hardware_),
      spi_(hardware_),
      cloud_([&seen, start](const PublishRequest& request) {
        seen.published.push_back({start, request.name, request.data});
      }),
      usb_([&seen, start](const std::string& line) { seen.console.push_back({start, line}); }) {
  if (!wired_to.empty()) wiring_ = Wiring::in_memory(kept.world, wired_to, {hardware_, pins_, uart_, spi_});
}

// A model brings several edges at once that lie milliseconds apart; so none comes into a section without interrupts,
// which is shorter than that, and where a second one would hide the first.
bool Board::takes_interrupts() const { return !application_ || application_->interruptible(); }

bool Board::takes_timers() const { return !application_ || application_->preemptible(); }

void Board::take_due() {
  if (takes_interrupts()) hardware_.run_once(0);
  if (takes_timers()) timers_.run_once(0);
}

void Board::advance(uint64_t us) {
  take_due();
  while (clock_.us() < us) {
    uint64_t next = us;
    // Reactors count from the start of the board.
    if (auto due = hardware_.next_due_us(); due && takes_interrupts()) next = std::min(next, began_us_ + *due);
    if (auto due = timers_.next_due_us(); due && takes_timers()) next = std::min(next, began_us_ + *due);
    clock_.set(next);
    take_due();
  }
}

bool Board::event_soon() const {
  const auto due = hardware_.next_due_us();
  return due && began_us_ + *due <= clock_.us() + kSoonUs;
}

void Board::next_event() {
  clock_.set(began_us_ + *hardware_.next_due_us());
  hardware_.run_once(0);
}

std::string Board::truth() const { return wiring_ ? wiring_->json() : "null"; }

Reactor::TimerId Board::start_timer(uint32_t ms, std::function<void()> handler) {
  return timers_.after(ms, std::move(handler));
}

// xorshift32
uint32_t Board::random_number() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  return random_ ^= random_ << 5;
}

void Board::fire(uint64_t event, int param) {
  auto handlers = event_handlers_;
  for (const auto& [events, handler] : handlers)
    if (events & event) handler(event, param);
}

void Board::reset(ResetReason reason, uint32_t data) { throw Restart{reason, data}; }

Wake Board::sleep_until(const WakeSources&, uint32_t ms) {
  delay(ms);
  return {};
}

void Board::sleep_deep(uint32_t ms, bool) {
  delay(ms);
  Board::reset(ResetReason::PowerManagement, 0);
}

void Board::on_system_event(uint64_t events, std::function<void(uint64_t event, int param)> handler) {
  event_handlers_.emplace_back(events, std::move(handler));
}

bool Board::read_dct(size_t offset, void* data, size_t size) {
  if (offset > dct::kSize || size > dct::kSize - offset) return false;
  std::fill_n(static_cast<char*>(data), size, '\xFF');
  return true;
}

const Wifi& Board::wifi() { application_->panic(panic::kAssertFailed, "looks for networks, and a trial has no radio"); }

void Board::attach_interrupt(int pin, int mode, std::function<void()> handler) {
  const uint32_t bit = 1u << pin;
  interrupts_ = handler ? interrupts_ | bit : interrupts_ & ~bit;
  pins_.attach_interrupt(pin, mode, std::move(handler));
}

}  // namespace vphoton::trial
