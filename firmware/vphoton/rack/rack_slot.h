// One place of a rack: a device with its power and its turns in the rack's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fiber.h"
#include "device/housing.h"
#include "device/options.h"
#include "device/photon.h"

namespace vphoton {

class Rack;

class RackSlot : public Turns, public Housing {
 public:
  // `state` is the device's folder, `id` its 12 bytes.
  RackSlot(Rack& rack, int number, std::string state, std::string id);
  ~RackSlot() override;

  void power_on();
  bool powered() const { return fiber_ != nullptr; }
  // Null between two lives of the device.
  Photon* photon() { return photon_; }
  const std::string& id() const { return id_; }
  // Runs it until it waits.
  void turn();
  // What its start needed of the stack, and nothing else does, is given back.
  void settle();
  // In its next turn: `action` runs in the device, as if it came from outside.
  void post(std::function<void(Photon&)> action);

  // Turns
  bool wait(const std::vector<pollfd>& descriptors, int ms) override;
  void forget(int descriptor) override;
  // Housing
  Turns* turns() override { return this; }
  bool shared() const override { return true; }
  bool may_connect() override;
  void connect_over() override;
  [[noreturn]] void restart(const Resume& next) override;
  [[noreturn]] void off() override;

  // For the rack.
  bool queued = false;
  bool has_events = false;              // since its last turn
  std::optional<uint64_t> deadline_us;  // of the rack's reactor

 private:
  void live();
  std::optional<Resume> live_once(std::optional<Resume> resume);

  Rack& rack_;
  std::string label_;  // in front of its lines on stderr
  std::string state_;
  std::string id_;
  std::unique_ptr<Fiber> fiber_;
  Photon* photon_ = nullptr;
  bool connecting_ = false;
  std::vector<pollfd> registered_;  // with epoll
};

}  // namespace vphoton
