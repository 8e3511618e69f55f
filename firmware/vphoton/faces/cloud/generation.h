// How the cloud session of one Device OS version differs from that of the others: a table, one row per version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vphoton::cloud {

// `SparkProtocol` up to Device OS 0.7.0, `Protocol` since 0.8.0.
enum class Engine { Legacy, Unified };

// What Device OS itself subscribes to.
enum class SystemSubscriptions { SparkOfAll, SparkThenParticle, ParticleThenSpark };

// How the device tells whether an update's image is good.
enum class UpdateResult { Event, Text, Number };

// Which event names count as the system's own for the publish rate.
enum class SystemNames { SparkSlash, SparkAnyCase, Spark, SparkOrParticle };

// Sizes in bytes.
struct Generation {
  const char* version = "0.6.3";
  uint32_t version_number = 0x00060300;
  uint16_t module_version = 109;  // of both system parts

  Engine engine = Engine::Legacy;
  uint32_t hello_timeout_ms = 2000;
  uint8_t hello_flags = 0x00;  // without 0x01, "the previous update succeeded"
  bool long_hello = false;     // 27 bytes, with what is an event otherwise
  SystemSubscriptions system_subscriptions = SystemSubscriptions::SparkOfAll;
  SystemNames system_names = SystemNames::SparkSlash;
  bool presents_erased_claim_code = true;  // 63 bytes of 0xFF
  bool update_flags = false;               // updates/enabled, forced and pending
  bool network_reset = false;              // spark/device/reset = network, spark/device/key/restore
  bool posts_describe = false;             // describe and subscriptions of the application wait for its setup()
  bool describe_apart = false;             // an empty acknowledgement first, the content in a message of its own
  bool describe_in_blocks = false;
  bool variables_apart = false;  // the same for variables; unknown ones are told, a missing token ends the session
  bool says_goodbye = false;
  bool marks_empty_data = true;  // an event with empty data ends with a bare 0xFF

  bool answers_fast_chunks = true;
  bool chunks_missed_confirmable = true;
  UpdateResult update_result = UpdateResult::Event;

  size_t max_received_ciphertext = 800;
  size_t max_sent_plaintext = 782;
  size_t max_name = 12;
  size_t max_argument = 63;
  size_t max_event_name = 63;
  size_t max_event_data = 255;
  size_t max_variable_string = 776;
  size_t max_application_describe = 0;  // 0: no limit when registering

  bool legacy() const { return engine == Engine::Legacy; }
};

// Null for a version that is not modelled.
const Generation* find_generation(std::string_view version);
const Generation* find_generation_of_module(uint16_t module_version);
// Device OS 2.3.1.
const Generation& default_generation();
// For messages: "0.6.3, 0.7.0, ...".
std::string generation_names();

}  // namespace vphoton::cloud
