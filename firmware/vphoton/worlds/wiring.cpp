#include "worlds/wiring.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "worlds/bus_motor.h"
#include "worlds/contact_controller.h"
#include "worlds/encoder_motor.h"
#include "worlds/remote_receiver.h"

namespace vphoton {
namespace {

constexpr int kLeastTravelMs = 100;
constexpr int kMostTravelMs = 300000;

struct Kind {
  const char* name;
  std::unique_ptr<Model> (*make)(World& world, Ports ports);
};

template <typename T>
std::unique_ptr<Model> make(World& world, Ports ports) {
  return std::make_unique<T>(world, ports);
}

// By the variant whose pins they fit.
constexpr Kind kKinds[] = {
    {"roller", make<RemoteReceiver>},
    {"venetian", make<VenetianMotors>},
    {"drapery", make<BusMotor>},
    {"honeycomb", make<ContactController>},
};

const Kind* find_kind(const std::string& name) {
  for (const Kind& kind : kKinds)
    if (name == kind.name) return &kind;
  return nullptr;
}

// Nothing when the number after the colon is none.
std::optional<uint32_t> travel_of(const std::string& words) {
  size_t colon = words.find(':');
  if (colon == std::string::npos) return Wiring::kTravelMs;
  std::string digits = words.substr(colon + 1);
  if (digits.empty() || digits.size() > 6 || digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  int ms = atoi(digits.c_str());
  if (ms < kLeastTravelMs || ms > kMostTravelMs) return std::nullopt;
  return static_cast<uint32_t>(ms);
}

World* map_world(const std::string& path, bool make_it, std::string* error) {
  int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | (make_it ? O_CREAT : 0), 0600);
  if (file < 0 && errno == ENOENT) return nullptr;
  void* memory = MAP_FAILED;
  if (file >= 0 && ftruncate(file, sizeof(World)) == 0)
    memory = mmap(nullptr, sizeof(World), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) *error = path + ": " + strerror(errno);
  if (file >= 0) close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<World*>(memory);
}

}  // namespace

std::string Wiring::check(const std::string& words) {
  if (!find_kind(words.substr(0, words.find(':')))) {
    std::string names;
    for (const Kind& kind : kKinds) names += std::string(names.empty() ? "" : ", ") + kind.name;
    return "there are " + names;
  }
  return travel_of(words) ? "" : "the travel is 100 to 300000 ms";
}

std::unique_ptr<Wiring> Wiring::open(const std::string& folder, const std::string* words, Ports ports,
                                     std::string* error) {
  bool given = words && !words->empty();
  World* world = map_world(folder + "/world.bin", given, error);
  if (!world) return nullptr;
  std::unique_ptr<Wiring> wiring(new Wiring);
  wiring->mapped_ = true;
  if (wiring->connect(world, given ? words : nullptr, ports)) return wiring;
  *error = folder + "/world.bin is damaged; say --wired-to again";
  return nullptr;
}

std::unique_ptr<Wiring> Wiring::in_memory(World& world, const std::string& words, Ports ports) {
  std::unique_ptr<Wiring> wiring(new Wiring);
  wiring->connect(&world, &words, ports);
  return wiring;
}

bool Wiring::connect(World* world, const std::string* words, Ports ports) {
  world_ = world;
  if (words) {
    std::string name = words->substr(0, words->find(':'));
    if (world->magic != World::kMagic || name != world->model) {
      *world = World{};
      name.copy(world->model, sizeof world->model - 1);
      world->magic = World::kMagic;
    }
    world->travel_ms = travel_of(*words).value_or(kTravelMs);
  }
  world->model[sizeof world->model - 1] = '\0';
  const Kind* kind = world->magic == World::kMagic ? find_kind(world->model) : nullptr;
  if (!kind) return false;
  model_ = kind->make(*world, ports);
  Model* model = model_.get();
  ports.pins.on_output([model](int pin) { model->pin_changed(pin); });
  ports.uart.connect([model](const std::string& bytes) { model->received(bytes); });
  ports.spi.connect([model](const std::string& bytes, uint32_t hz) { return model->exchanged(bytes, hz); });
  return true;
}

Wiring::~Wiring() {
  model_.reset();
  if (world_ && mapped_) munmap(world_, sizeof(World));
}

bool Wiring::moves() const {
  for (BodyState& body : world_->bodies)
    if (ShadeBody(body).moves()) return true;
  return false;
}

std::string Wiring::json() const {
  JsonObject faults;
  for (const std::string& name : model_->fault_names()) faults.add(name.c_str(), model_->has_fault(name));
  return JsonObject()
      .add("ok", true)
      .add("model", world_->model)
      .add("travel_ms", static_cast<long long>(world_->travel_ms))
      .add_raw("parts", model_->parts())
      .add_raw("faults", faults.str())
      .add("contradictions", static_cast<long long>(world_->contradictions))
      .str();
}

std::string Wiring::change(const JsonValue& request) {
  if (const JsonValue* named = request.find("fault")) {
    auto names = model_->fault_names();
    auto at = std::find(names.begin(), names.end(), named->text);
    auto on = request.bool_at("on");
    if (at == names.end() || !on) {
      std::string list;
      for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
      return "world: \"fault\" is one of " + list + ", with \"on\" true or false";
    }
    uint32_t bit = 1u << (at - names.begin());
    world_->faults = *on ? world_->faults | bit : world_->faults & ~bit;
  }
  if (const JsonValue* position = request.find("position")) {
    ShadeBody* body = model_->body(request.string_at("part").value_or("lift"));
    if (!body || position->type != JsonValue::Type::Number || position->number < 0 || position->number > 100)
      return "world: \"position\" is 0 to 100 per cent, \"part\" the name of one";
    body->place(position->number / 100);
  }
  if (request.find("travel_ms")) {
    auto ms = request.int_at("travel_ms");
    if (!ms || *ms < kLeastTravelMs || *ms > kMostTravelMs) return "world: \"travel_ms\" is 100 to 300000";
    world_->travel_ms = static_cast<uint32_t>(*ms);
  }
  model_->disturbed();
  return "";
}

std::string part_json(const ShadeBody& body) {
  auto tenths = [](double value) {
    char text[32];
    snprintf(text, sizeof text, "%.1f", value);
    return std::string(text);
  };
  return JsonObject()
      .add_raw("position", tenths(body.position() * 100))
      .add_raw("speed", tenths(body.moves() ? body.speed() * 100 : 0.0))
      .add_raw("pushed_ms", tenths(body.pushed_ms()))
      .str();
}

}  // namespace vphoton
