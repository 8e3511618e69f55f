// printf and scanf on the application's memory.
#pragma once

#include <string>

#include "system/varargs.h"

namespace vphoton::system {

// What printf makes of a format.
std::string formatted(Application& application, const std::string& format, Varargs arguments);

// What scanf stores, and returns: the number of values, or -1 for a text that ends before the first.
int scanned(Application& application, const std::string& text, const std::string& format, Varargs arguments);

}  // namespace vphoton::system
