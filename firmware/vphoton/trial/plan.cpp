#include "trial/plan.h"

#include "base/json.h"
#include "worlds/wiring.h"

namespace vphoton::trial {
namespace {

constexpr double kMostMs = 24.0 * 3600 * 1000;

std::optional<uint32_t> number(const JsonValue& object, const char* name, double most) {
  const JsonValue* found = object.find(name);
  if (!found || found->type != JsonValue::Type::Number || found->number < 0 || found->number > most)
    return std::nullopt;
  return static_cast<uint32_t>(found->number);
}

std::optional<Step> step(const JsonValue& object) {
  const auto at = number(object, "at_ms", kMostMs);
  const auto say = object.string_at("say"), function = object.string_at("call");
  const auto pin = object.int_at("pin"), level = object.int_at("level");
  if (!at || (say.has_value() + function.has_value() + pin.has_value()) != 1 || pin.has_value() != level.has_value())
    return std::nullopt;
  Step made{*at, say.value_or(""), function.value_or(""), object.string_at("argument").value_or("")};
  made.pin = pin.value_or(-1);
  made.level = level.value_or(0);
  return made;
}

}  // namespace

std::optional<Plan> Plan::parse(const std::string& json, std::string* error) {
  const auto fail = [error](const std::string& text) {
    *error = text;
    return std::nullopt;
  };
  const auto document = JsonValue::parse(json);
  if (!document) return fail("is not JSON");
  Plan plan;
  plan.wired_to = document->string_at("wired_to").value_or("");
  if (!plan.wired_to.empty())
    if (std::string wrong = Wiring::check(plan.wired_to); !wrong.empty()) return fail("\"wired_to\": " + wrong);
  const auto until = number(*document, "until_ms", kMostMs);
  if (!until) return fail("\"until_ms\" is how long it takes, up to a day");
  plan.until_ms = *until;
  plan.seed = number(*document, "seed", 4294967295.0);
  if (document->find("seed") && !plan.seed) return fail("\"seed\" is a number up to 4294967295");
  plan.trace = document->bool_at("trace").value_or(false);
  plan.instruments = document->bool_at("instruments").value_or(false);
  plan.record = document->string_at("record").value_or("");
  if (const JsonValue* steps = document->find("steps")) {
    for (const JsonValue& each : steps->items) {
      const auto made = step(each);
      if (!made || (!plan.steps.empty() && made->at_ms < plan.steps.back().at_ms))
        return fail("step " + std::to_string(plan.steps.size() + 1) +
                    " needs \"at_ms\", not before the last one's, and \"say\", \"call\", or \"pin\" with \"level\"");
      plan.steps.push_back(*made);
    }
  }
  if (const JsonValue* explore = document->find("explore")) {
    const auto begin = number(*explore, "begin", 4294967295.0), call = number(*explore, "call", 1e9);
    const auto after = number(*explore, "after_ms", kMostMs);
    const JsonValue* stalls = explore->find("stalls_ms");
    if (!begin || !call || *call == 0 || !after || !stalls)
      return fail("\"explore\" needs \"begin\", an address, \"call\", from 1, \"after_ms\" and \"stalls_ms\"");
    plan.explore = Explored{*begin, static_cast<int>(*call), *after, {}};
    for (const JsonValue& each : stalls->items) {
      if (each.type != JsonValue::Type::Number || each.number < 1 || each.number > kMostMs)
        return fail("\"stalls_ms\" are numbers from 1");
      plan.explore->stalls_ms.push_back(static_cast<uint64_t>(each.number));
    }
  }
  return plan;
}

}  // namespace vphoton::trial
