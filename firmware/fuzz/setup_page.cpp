// The installer's page: requests as the shade's page handler takes them, and the page they come to.
#include <string>

#include "base/json.h"
#include "input.h"
#include "safety_rig.h"

using shade::SetupPage;
using vphoton::fuzz::require;

namespace {

size_t count(const std::string& text, char c) {
  size_t found = 0;
  for (char each : text) found += each == c;
  return found;
}

// What a browser takes the field for the name to hold.
std::string field_of(const std::string& page) {
  const std::string before = "maxlength=31 value=\"";
  const size_t from = page.find(before) + before.size();
  const std::string written = page.substr(from, page.find('"', from) - from);
  std::string text;
  for (size_t at = 0; at < written.size(); ++at) {
    const size_t end = written.compare(at, 2, "&#") == 0 ? written.find(';', at) : std::string::npos;
    text += end == std::string::npos ? written[at] : static_cast<char>(std::stoi(written.substr(at + 2)));
    if (end != std::string::npos) at = end;
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vphoton::fuzz::Input input(data, size);
  safety::Rig rig(input.byte() & 1 ? safety::kMeasured : fakes::kIdentity);
  fakes::Port port;
  shade::Console console(port, rig.controller, rig.board);
  rig.start();
  shade::PageDesk desk;
  while (!input.empty()) {
    const uint8_t what = input.byte();
    const std::string url = what & 1 ? input.bytes(what >> 4) : std::string("/index");
    // As ShadeDevice::on_page reads a body.
    const std::string form = input.bytes(input.byte()).substr(0, SetupPage::kMaxForm);
    if (what & 2) rig.controller.owner("abcdefghijklmno");
    if (what & 4) rig.controller.ask_release();
    rig.storage.refuses = what & 8;
    const std::string before = rig.controller.site();
    if (!SetupPage::is_its(url.c_str())) continue;
    require(desk.ask(form.c_str()), "the desk is free");
    require(!desk.ask("site=other"), "one at a time");
    const char* taken = desk.take();
    require(taken && form.c_str() == std::string(taken), "the form arrives whole");
    const SetupPage::Outcome outcome = SetupPage::take(taken, rig.controller);
    SetupPage::render(rig.controller, rig.board, outcome, desk.page(), SetupPage::kMaxPage);
    desk.answer(outcome);
    require(desk.answered() && desk.outcome() == outcome, "it is answered");
    const std::string page = desk.page();
    desk.fetched();
    const std::string end = "</html>";
    require(page.size() >= end.size() && page.compare(page.size() - end.size(), end.size(), end) == 0,
            "the page is whole");
    // Whatever a site is called makes no tag, no attribute, no entity.
    require(count(page, '<') == count(page, '>'), "no text makes a tag");
    const std::string site = rig.controller.site();
    if (outcome != SetupPage::Outcome::Stored) require(site == before, "what is refused changes nothing");
    for (char c : site) require(static_cast<unsigned char>(c) >= 0x20, "no control character is stored");
    require(field_of(page) == site, "the name stands in its field, escaped");
    port.out.clear();
    port.type("household\nstatus\n");
    console.poll();
    require(port.out.size() == 2 && vphoton::JsonValue::parse(port.out[0]) && vphoton::JsonValue::parse(port.out[1]),
            "the console tells it in JSON");
    rig.run_for(50);
  }
  return 0;
}
