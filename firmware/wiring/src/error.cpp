// Error.
#include "spark_wiring_error.h"

#include <utility>

#include "device_os/functions.h"

namespace particle {

const char* Error::message() const { return text_.length() ? text_.c_str() : system_error_message(type_, nullptr); }

void swap(Error& one, Error& other) {
  std::swap(one.type_, other.type_);
  std::swap(one.text_, other.text_);
}

}  // namespace particle
