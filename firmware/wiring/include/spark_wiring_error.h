// A result of the system's, with a text.
#pragma once

#include "spark_wiring_string.h"

namespace particle {

class Error {
 public:
  // Device OS 2.3.1, system_error.h.
  enum Type {
    NONE = 0,
    UNKNOWN = -100,
    BUSY = -110,
    NOT_SUPPORTED = -120,
    NOT_ALLOWED = -130,
    CANCELLED = -140,
    ABORTED = -150,
    TIMEOUT = -160,
    NOT_FOUND = -170,
    ALREADY_EXISTS = -180,
    TOO_LARGE = -190,
    NOT_ENOUGH_DATA = -191,
    LIMIT_EXCEEDED = -200,
    END_OF_STREAM = -201,
    INVALID_STATE = -210,
    FLASH_IO = -219,
    IO = -220,
    WOULD_BLOCK = -221,
    FILE = -225,
    NETWORK = -230,
    PROTOCOL = -240,
    INTERNAL = -250,
    NO_MEMORY = -260,
    INVALID_ARGUMENT = -270,
    BAD_DATA = -280,
    OUT_OF_RANGE = -290,
    DEPRECATED = -300,
    COAP = -1000,
    COAP_4XX = -1100,
    COAP_5XX = -1132,
    AT_NOT_OK = -1200,
    AT_RESPONSE_UNEXPECTED = -1210,
    OTA_MODULE_NOT_FOUND = -1300,
    OTA_UNSUPPORTED_MODULE = -1310,
    OTA_VALIDATION_FAILED = -1320,
    OTA_INTEGRITY_CHECK_FAILED = -1330,
    OTA_DEPENDENCY_CHECK_FAILED = -1340,
    OTA_INVALID_ADDRESS = -1350,
    OTA_INVALID_PLATFORM = -1360,
    OTA_INVALID_FORMAT = -1370,
    OTA_UPDATES_DISABLED = -1380,
    OTA = -1390,
    CRYPTO = -1400,
    I2C_BUS_BUSY = -1600,
    I2C_ARBITRATION_FAILED = -1601,
    I2C_TX_ADDR_TIMEOUT = -1602,
    I2C_FILL_DATA_TIMEOUT = -1603,
    I2C_TX_DATA_TIMEOUT = -1604,
    I2C_STOP_TIMEOUT = -1605,
    I2C_ABORT = -1606,
    PPP_PARAM = -1700,
    PPP_OPEN = -1701,
    PPP_DEVICE = -1702,
    PPP_ALLOC = -1703,
    PPP_USER = -1704,
    PPP_CONNECT = -1705,
    PPP_AUTH_FAIL = -1706,
    PPP_PROTOCOL = -1707,
    PPP_PEER_DEAD = -1708,
    PPP_IDLE_TIMEOUT = -1709,
    PPP_CONNECT_TIME = -1710,
    PPP_LOOPBACK = -1711,
    PPP_NO_CARRIER_IN_NETWORK_PHASE = -1712,
  };

  Error(Type type = UNKNOWN) : type_(type) {}
  Error(Type type, const char* text) : type_(type), text_(text ? text : "") {}
  explicit Error(const char* text) : Error(UNKNOWN, text) {}
  Error(const Error&) = default;
  Error(Error&&) = default;
  Error& operator=(Error other) {
    swap(*this, other);
    return *this;
  }

  Type type() const { return type_; }
  const char* message() const;  // the system's, unless it was given one
  bool operator==(const Error& other) const { return type_ == other.type_; }
  bool operator!=(const Error& other) const { return type_ != other.type_; }
  bool operator==(Type type) const { return type_ == type; }
  bool operator!=(Type type) const { return type_ != type; }
  explicit operator bool() const { return type_ != NONE; }

 private:
  friend void swap(Error& one, Error& other);

  Type type_;
  String text_;
};

void swap(Error& one, Error& other);

}  // namespace particle
