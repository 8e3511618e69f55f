#include "faces/cloud/generation.h"

#include <array>

namespace vphoton::cloud {
namespace {

// Each row is the one before it and what has changed since.

constexpr Generation v0_6_3() { return Generation(); }

constexpr Generation v0_7_0() {
  Generation row = v0_6_3();
  row.version = "0.7.0";
  row.version_number = 0x00070000;
  row.module_version = 207;
  row.system_names = SystemNames::SparkAnyCase;
  row.presents_erased_claim_code = false;
  row.answers_fast_chunks = false;
  row.update_result = UpdateResult::Text;
  return row;
}

constexpr Generation v1_0_1() {
  Generation row = v0_7_0();
  row.version = "1.0.1";
  row.version_number = 0x01000100;
  row.module_version = 1002;
  row.engine = Engine::Unified;
  row.hello_timeout_ms = 4000;
  row.hello_flags = 0x02;
  row.system_names = SystemNames::Spark;
  row.max_received_ciphertext = 768;
  row.max_name = 64;
  row.max_argument = 622;
  row.max_event_name = 64;
  row.max_event_data = 622;
  row.max_application_describe = 768;
  return row;
}

constexpr Generation v1_2_1() {
  Generation row = v1_0_1();
  row.version = "1.2.1";
  row.version_number = 0x01020100;
  row.module_version = 1213;
  row.hello_flags = 0x06;
  row.system_subscriptions = SystemSubscriptions::SparkThenParticle;
  row.system_names = SystemNames::SparkOrParticle;
  row.update_flags = true;
  return row;
}

constexpr Generation v1_4_4() {
  Generation row = v1_2_1();
  row.version = "1.4.4";
  row.version_number = 0x01040400;
  row.module_version = 1406;
  return row;
}

constexpr Generation v1_5_2() {
  Generation row = v1_4_4();
  row.version = "1.5.2";
  row.version_number = 0x01050200;
  row.module_version = 1512;
  row.variables_apart = true;
  return row;
}

constexpr Generation v2_3_1() {
  Generation row = v1_5_2();
  row.version = "2.3.1";
  row.version_number = 0x02030100;
  row.module_version = 2302;
  row.hello_flags = 0x36;
  row.system_subscriptions = SystemSubscriptions::ParticleThenSpark;
  row.network_reset = true;
  row.posts_describe = true;
  row.describe_apart = true;
  row.says_goodbye = true;
  row.chunks_missed_confirmable = false;
  row.update_result = UpdateResult::Number;
  return row;
}

constexpr Generation v3_3_1() {
  Generation row = v2_3_1();
  row.version = "3.3.1";
  row.version_number = 0x03030100;
  row.module_version = 3302;
  row.long_hello = true;
  row.describe_in_blocks = true;
  row.marks_empty_data = false;
  row.max_received_ciphertext = 928;  // a 960-byte buffer, divided like the 800 bytes of 2.x
  row.max_sent_plaintext = 942;
  row.max_argument = 864;
  row.max_event_data = 864;
  row.max_variable_string = 864;
  row.max_application_describe = 0;
  return row;
}

constexpr std::array<Generation, 8> kGenerations{v0_6_3(), v0_7_0(), v1_0_1(), v1_2_1(),
                                                 v1_4_4(), v1_5_2(), v2_3_1(), v3_3_1()};

}  // namespace

const Generation* find_generation(std::string_view version) {
  for (const auto& row : kGenerations)
    if (version == row.version) return &row;
  return nullptr;
}

const Generation* find_generation_of_module(uint16_t module_version) {
  for (const auto& row : kGenerations)
    if (row.module_version == module_version) return &row;
  return nullptr;
}

const Generation& default_generation() { return *find_generation("2.3.1"); }

std::string generation_names() {
  std::string names;
  for (const auto& row : kGenerations) {
    if (!names.empty()) names += ", ";
    names += row.version;
  }
  return names;
}

}  // namespace vphoton::cloud
