// The installer's page on SoftAP, http://192.168.0.1/index: which device this is and whether somebody owns it, keys for
// up, stop and down, and a field for the name of the place.
#pragma once

#include <stddef.h>

#include "controller.h"

namespace shade {

class SetupPage {
 public:
  enum class Outcome { Asked, Stored, Refused, Moved, Unmoved };

  static constexpr size_t kMaxForm = 5 + 3 * SiteName::kMaxLength;  // "site=" and every byte as %XX
  static constexpr size_t kMaxPage = 2300;

  // `url` with its query string.
  static bool is_its(const char* url);
  // `form` as application/x-www-form-urlencoded; stores the name of the place in it, moves, or learns the ends. Empty:
  // nothing was sent.
  static Outcome take(const char* form, Controller& controller);
  static void render(Controller& controller, Board& board, Outcome outcome, char* html, size_t size);
};

}  // namespace shade
