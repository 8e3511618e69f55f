// The model a device is wired to, chosen by --wired-to and kept in the state folder, and how a bench changes it.
#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "worlds/model.h"

namespace vphoton {

class Wiring {
 public:
  static constexpr uint32_t kTravelMs = 2000;

  // What is wrong with the words of --wired-to; empty: nothing.
  static std::string check(const std::string& words);
  // `words` null or empty: as the folder has it. Null and no error when nothing is connected.
  static std::unique_ptr<Wiring> open(const std::string& folder, const std::string* words, Ports ports,
                                      std::string* error);
  // Of a world in memory, which must outlive it; `words` as for open(), and right.
  static std::unique_ptr<Wiring> in_memory(World& world, const std::string& words, Ports ports);
  ~Wiring();
  Wiring(const Wiring&) = delete;
  Wiring& operator=(const Wiring&) = delete;

  // {"ok":true,"model":…,"travel_ms":…,"parts":{…},"faults":{name:on},"contradictions":n}
  std::string json() const;
  // Whether a part of the shade is in motion.
  bool moves() const;
  // {"fault":name,"on":true}, {"position":per cent,"part":name}, {"travel_ms":n}; nothing of these: only asks.
  // Empty: done.
  std::string change(const JsonValue& request);

 private:
  Wiring() = default;
  // False: the world is damaged.
  bool connect(World* world, const std::string* words, Ports ports);

  World* world_ = nullptr;
  bool mapped_ = false;  // it is a file
  std::unique_ptr<Model> model_;
};

}  // namespace vphoton
