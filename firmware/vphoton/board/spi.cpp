#include "board/spi.h"

#include <algorithm>
#include <utility>

namespace vphoton {
namespace {

constexpr uint64_t kBitsPerByte = 8;
constexpr char kNothing = static_cast<char>(0xFF);  // a choice, as of a line that is pulled up

}  // namespace

void Spi::transfer(std::string sent, std::function<void(const std::string& received)> done) {
  if (!enabled_ || busy() || sent.empty()) return;
  sending_ = std::move(sent);
  began_us_ = reactor_.now_us();
  const uint64_t us = sending_.size() * kBitsPerByte * 1000000 / hz();
  timer_ = reactor_.after((us + 999) / 1000, [this, done = std::move(done)] {
    timer_ = 0;
    const std::string received = exchange(std::exchange(sending_, {}));
    if (done) done(received);
  });
}

std::string Spi::exchange(const std::string& sent) {
  std::string received = listener_ ? listener_(sent, hz()) : std::string(sent.size(), kNothing);
  received.resize(sent.size());
  return received;
}

void Spi::cancel() {
  if (!busy()) return;
  reactor_.cancel(std::exchange(timer_, 0));
  const uint64_t out = (reactor_.now_us() - began_us_) * hz() / kBitsPerByte / 1000000;
  sending_.resize(std::min<uint64_t>(sending_.size(), out));
  if (!sending_.empty()) exchange(sending_);
  sending_.clear();
}

void Spi::end() {
  cancel();
  enabled_ = false;
}

}  // namespace vphoton
