#include "setup_page.h"

#include <stdio.h>
#include <string.h>

#include <initializer_list>

namespace shade {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// False for a broken escape or a text that is longer than `size` - 1.
bool decode(const char* value, char* text, size_t size) {
  size_t length = 0;
  for (const char* at = value; *at && *at != '&'; ++at) {
    char c = *at == '+' ? ' ' : *at;
    if (*at == '%') {
      int high = hex_digit(at[1]), low = high < 0 ? -1 : hex_digit(at[2]);
      if (low < 0) return false;
      c = static_cast<char>(high << 4 | low);
      at += 2;
    }
    if (length + 1 >= size || c == '\0') return false;
    text[length++] = c;
  }
  text[length] = '\0';
  return true;
}

class Html {
 public:
  Html(char* out, size_t size) : out_(out), left_(size) { *out = '\0'; }

  Html& put(const char* text) {
    while (*text && left_ > 1) add(*text++);
    return *this;
  }
  Html& escaped(const char* text) {
    for (; *text; ++text) {
      if (strchr("<>&\"'", *text)) {
        char entity[8];
        snprintf(entity, sizeof entity, "&#%d;", *text);
        put(entity);
      } else if (left_ > 1) {
        add(*text);
      }
    }
    return *this;
  }
  Html& row(const char* name, const char* text) {
    return put("<tr><th>").put(name).put("<td>").escaped(text).put("</tr>");
  }

 private:
  void add(char c) {
    *out_++ = c;
    *out_ = '\0';
    --left_;
  }
  char* out_;
  size_t left_;
};

// Where edges are counted: which end it goes to, how many there were, and what to say to it.
void ends(Html& page, const Controller& controller) {
  if (controller.identity().measure != Measure::Counts) return;
  const Learning& learning = controller.learning();
  page.put("<form method=post action=/index><p>Ends: ");
  if (learning.active()) {
    char text[48];
    snprintf(text, sizeof text, "%s %s, %lu counts ", controller.learning_part(), learning.step_name(),
             static_cast<unsigned long>(learning.counts()));
    page.put(text);
    if (learning.step() == Learning::Step::Open || learning.step() == Learning::Step::Closed)
      page.put("<button name=ends value=mark>This is the end</button> ");
    page.put("<button name=ends value=cancel>Give up</button></form>");
  } else {
    page.put(controller.calibrated() ? "learnt " : "not learnt ");
    page.put("<button name=ends value=learn>Learn</button></form>");
  }
}

}  // namespace

bool SetupPage::is_its(const char* url) {
  size_t path = strcspn(url, "?");
  return path == strlen("/index") && memcmp(url, "/index", path) == 0;
}

SetupPage::Outcome SetupPage::take(const char* form, Controller& controller) {
  if (!*form) return Outcome::Asked;
  if (strncmp(form, "move=", 5) == 0) return controller.move(form + 5) < 0 ? Outcome::Unmoved : Outcome::Moved;
  for (const char* step : {"learn", "mark", "cancel"})
    if (strncmp(form, "ends=", 5) == 0 && strcmp(form + 5, step) == 0)
      return controller.calibrate(step) < 0 ? Outcome::Unmoved : Outcome::Moved;
  char name[SiteName::kMaxLength + 1];
  bool stored = strncmp(form, "site=", 5) == 0 && decode(form + 5, name, sizeof name) && controller.name_site(name);
  return stored ? Outcome::Stored : Outcome::Refused;
}

void SetupPage::render(Controller& controller, Board& board, Outcome outcome, char* html, size_t size) {
  const char* note = outcome == Outcome::Stored    ? "Stored."
                     : outcome == Outcome::Refused ? "Not stored: at most 31 bytes, without line breaks."
                     : outcome == Outcome::Unmoved ? "It does not move now."
                                                   : "";
  const char* heading = *controller.site() ? controller.site() : controller.identity().variant;
  Html page(html, size);
  bool turns = controller.learning().active() && controller.moving();
  page.put("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">")
      .put(turns ? "<meta http-equiv=refresh content=\"2;url=/index\"><title>" : "<title>")
      .escaped(heading)
      .put(
          "</title><style>body{font:16px sans-serif;margin:1em auto;max-width:30em;padding:0 1em}"
          "th{text-align:left;padding-right:1em}input,button{font:inherit;padding:.4em}</style><h1>")
      .escaped(heading)
      .put("</h1><table>");
  page.row("Device", board.device_id()).row("Firmware", controller.fw());
  page.row("Claimed", controller.claimed() ? "yes" : "no");
  const Household& household = controller.household();
  if (*household.owner()) page.row("Owner", household.owner());
  if (household.asks_release()) page.row("Owner", "gives it up");
  char position[8];
  snprintf(position, sizeof position, "%d %%", controller.position());
  page.row("Position", controller.known() ? position : "not known");
  page.row("State", controller.fault() == Fault::None ? "ready" : fault_text(controller.fault())).put("</table>");
  page.put(
      "<form method=post action=/index><p><button name=move value=open>Up</button> <button name=move "
      "value=stop>Stop</button> <button name=move value=close>Down</button></form>");
  ends(page, controller);
  page.put("<form method=post action=/index><p><label>Name of the place<br><input name=site maxlength=31 value=\"")
      .escaped(controller.site())
      .put("\"></label> <button>Store</button></form><p role=status>")
      .put(note)
      .put("</html>");
}

}  // namespace shade
