// IPAddress.
#include "application.h"

size_t IPAddress::printTo(Print& print) const { return print.print(toString()); }
