#include "faces/console/line_reader.h"

namespace vphoton {

bool LineReader::feed(char c, std::string* echo) {
  if (c == '\r' || c == '\n' || (line_.size() == most_ && c != 8 && c != 127)) {
    *echo += "\r\n";
    return true;
  }
  if (c == 8 || c == 127) {
    if (!line_.empty()) {
      line_.pop_back();
      *echo += "\b \b";
    }
    return false;
  }
  line_ += c;
  *echo += c;
  return false;
}

}  // namespace vphoton
