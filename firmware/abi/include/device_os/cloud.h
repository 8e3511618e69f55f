// What an application registers with the cloud. Device OS 2.3.1, system_cloud.h, completion_handler.h.
#pragma once

#include "layout.h"

class String;

enum Spark_Data_TypeDef { CLOUD_VAR_BOOLEAN = 1, CLOUD_VAR_INT = 2, CLOUD_VAR_STRING = 4, CLOUD_VAR_DOUBLE = 9 };
ABI_SIZE(Spark_Data_TypeDef, 1);

enum Spark_Subscription_Scope_TypeDef { MY_DEVICES, ALL_DEVICES };
ABI_SIZE(Spark_Subscription_Scope_TypeDef, 1);

typedef void (*EventHandler)(const char* name, const char* data);

// How a variable is read. `copy`, if there is one, puts the value into a block of malloc's, which the system frees;
// else `update`, if there is one, says where the value is; else it is where the variable was registered.
struct spark_variable_t {
  uint16_t size;
  const void* (*update)(const char* name, Spark_Data_TypeDef type, const void* var, void* reserved);
  int (*copy)(const void* var, void** data, size_t* size);
};
ABI_FIELD(spark_variable_t, update, 4);
ABI_FIELD(spark_variable_t, copy, 8);
ABI_SIZE(spark_variable_t, 12);

typedef int (*cloud_function_t)(void* data, const char* argument, void* reserved);
typedef int (*p_user_function_int_str_t)(String argument);

// Passed to spark_function() in the place of the function, with a null name.
struct cloud_function_descriptor {
  uint16_t size;
  uint16_t padding;
  const char* funcKey;
  cloud_function_t fn;
  void* data;
};
ABI_FIELD(cloud_function_descriptor, funcKey, 4);
ABI_FIELD(cloud_function_descriptor, fn, 8);
ABI_FIELD(cloud_function_descriptor, data, 12);
ABI_SIZE(cloud_function_descriptor, 16);

typedef void (*completion_callback)(int error, const void* data, void* callback_data, void* reserved);

// The system calls the callback exactly once, possibly on its own thread and before spark_send_event() returns.
struct spark_send_event_data {
  size_t size;
  completion_callback handler_callback;
  void* handler_data;
};
ABI_SIZE(spark_send_event_data, 12);

struct spark_cloud_disconnect_options {
  uint16_t size;
  uint8_t flags;  // 1: graceful, 2: timeout, 4: clear_session is set
  uint8_t graceful;
  uint32_t timeout;  // ms
  uint8_t clear_session;
};
ABI_FIELD(spark_cloud_disconnect_options, timeout, 4);
ABI_SIZE(spark_cloud_disconnect_options, 12);

// The protocol's own object: only its address is passed on.
struct ProtocolFacade;

// Limits of events, functions and variables. Device OS 2.3.1, protocol_defs.h.
namespace particle {
namespace protocol {
const size_t MAX_EVENT_TTL_SECONDS = 16777215;
const size_t MAX_FUNCTION_ARG_LENGTH = 622;
const size_t MAX_FUNCTION_KEY_LENGTH = 64;
const size_t MAX_VARIABLE_KEY_LENGTH = 64;
const size_t MAX_EVENT_NAME_LENGTH = 64;
const size_t MAX_EVENT_DATA_LENGTH = 622;
}  // namespace protocol
}  // namespace particle

typedef uint16_t product_id_t;
typedef uint16_t product_firmware_version_t;
