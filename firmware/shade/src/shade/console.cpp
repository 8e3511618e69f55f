#include "console.h"

#include <stdio.h>
#include <string.h>

#include "json_writer.h"

namespace shade {

const Console::Command Console::kCommands[] = {
    {"ping", "ping TOKEN", true, &Console::ping},
    {"info", "info", false, &Console::info},
    {"status", "status", false, &Console::status},
    {"move", "move open|close|stop|0...100", true, &Console::move},
    {"calibrate", "calibrate A,B|learn|mark|cancel|reset", true, &Console::calibrate},
    {"tilt", "tilt open|close|stop|0...100", true, &Console::tilt},
    {"identify", "identify SECONDS", true, &Console::identify},
    {"schedule", "schedule N DAYS TIME TARGET|N off|zone TZ|place LAT LON|clear", true, &Console::schedule},
    {"groups", "groups NAME,NAME|none", true, &Console::groups},
    {"owner", "owner NAME|none", true, &Console::owner},
    {"household", "household", false, &Console::household},
    {"board", "board VARIANT", true, &Console::board},
    {"reset", "reset", false, &Console::reset},
    {"help", "help", false, &Console::help},
};

void Console::poll() {
  for (int c; (c = port_.read()) >= 0;) {
    LineReader::Got got = reader_.feed(static_cast<char>(c));
    if (got == LineReader::Got::Line) answer(reader_.line());
    if (got == LineReader::Got::Overlong) {
      JsonWriter json(out_, sizeof out_);
      json.text("error", "line too long").number("limit", LineReader::kMaxLine);
      port_.write_line(json.c_str());
    }
  }
}

void Console::answer(const char* line) {
  size_t word = strcspn(line, " ");
  const char* argument = line + word;
  while (*argument == ' ') ++argument;
  for (const Command& command : kCommands) {
    if (strlen(command.name) != word || memcmp(command.name, line, word) != 0) continue;
    if (command.takes_argument != (*argument != '\0')) {
      JsonWriter json(out_, sizeof out_);
      json.text("error", "usage").text("usage", command.usage);
      port_.write_line(json.c_str());
      return;
    }
    (this->*command.run)(argument);
    return;
  }
  error("unknown command", line);
}

void Console::error(const char* what, const char* line) {
  JsonWriter json(out_, sizeof out_);
  json.text("error", what).text("line", line).text("hint", "help");
  port_.write_line(json.c_str());
}

void Console::ping(const char* argument) {
  JsonWriter json(out_, sizeof out_);
  json.text("pong", argument);
  port_.write_line(json.c_str());
}

void Console::info(const char*) {
  const Identity& identity = controller_.identity();
  JsonWriter json(out_, sizeof out_);
  json.text("id", board_.device_id()).text("variant", identity.variant).text("fw", controller_.fw());
  json.number("product", identity.product).number("version", identity.version);
  json.text("device_os", board_.device_os()).flag("cloud", board_.cloud_connected());
  json.number("reset_reason", board_.reset_reason());
  port_.write_line(json.c_str());
}

void Console::status(const char*) {
  char health[240];
  controller_.write_health(health, sizeof health);
  JsonWriter json(out_, sizeof out_);
  json.number("position", controller_.position()).flag("moving", controller_.moving());
  json.number("target", controller_.target());
  if (controller_.has_tilt()) json.number("tilt", controller_.tilt_position());
  bool counts = controller_.identity().measure == Measure::Counts;
  json.count(counts ? "lift_counts" : "open_ms", controller_.travel().first);
  json.count(counts ? "tilt_counts" : "close_ms", controller_.travel().second);
  json.text("fault_text", fault_text(controller_.fault())).text("site", controller_.site());
  if (controller_.learning().active()) {
    json.text("learning", controller_.learning().step_name()).text("part", controller_.learning_part());
    json.count("counts", controller_.learning().counts());
  }
  json.members(health).text("board", controller_.wired_for());
  port_.write_line(json.c_str());
}

void Console::move(const char* argument) { result("move", argument, controller_.move(argument)); }

void Console::tilt(const char* argument) {
  if (controller_.has_tilt()) return result("tilt", argument, controller_.tilt(argument));
  error("nothing tilts", argument);
}

void Console::calibrate(const char* argument) { result("calibrate", argument, controller_.calibrate(argument)); }

void Console::identify(const char* argument) { result("identify", argument, controller_.identify(argument)); }

void Console::schedule(const char* argument) { result("schedule", argument, controller_.schedule(argument)); }

void Console::groups(const char* argument) {
  result("groups", argument, controller_.groups(strcmp(argument, "none") == 0 ? "" : argument));
}

void Console::owner(const char* argument) { result("owner", argument, controller_.owner(argument)); }

void Console::household(const char*) {
  const Household& household = controller_.household();
  char schedule[300];
  household.schedule().write(schedule, sizeof schedule);
  JsonWriter json(out_, sizeof out_);
  json.text("owner", household.owner()).flag("release", household.asks_release()).text("site", household.site());
  json.text("groups", household.groups()).text("schedule", schedule);
  port_.write_line(json.c_str());
}

void Console::board(const char* argument) { result("board", argument, controller_.tie_board(argument)); }

void Console::result(const char* command, const char* argument, int result) {
  JsonWriter json(out_, sizeof out_);
  json.text(command, argument).number("result", result);
  port_.write_line(json.c_str());
}

void Console::reset(const char*) {
  controller_.halt("reset");
  announce_reset("console");
  board_.reset();
}

void Console::help(const char*) {
  char list[480] = "[";
  for (const Command& command : kCommands) {
    size_t length = strlen(list);
    snprintf(list + length, sizeof list - length, "%s\"%s\"", length > 1 ? "," : "", command.usage);
  }
  size_t length = strlen(list);
  snprintf(list + length, sizeof list - length, "]");
  JsonWriter json(out_, sizeof out_);
  json.raw("commands", list);
  port_.write_line(json.c_str());
}

void Console::on_event(const char* kind, const char* data) {
  // Not out_: an event may come while a command is being answered.
  char line[EventQueue::kMaxData + 32];
  JsonWriter json(line, sizeof line);
  json.text("event", kind).members(data);
  port_.write_line(json.c_str());
}

void Console::announce_reset(const char* reason) {
  if (reset_announced_) return;
  reset_announced_ = true;
  char line[64];
  JsonWriter json(line, sizeof line);
  json.text("event", "reset").text("reason", reason);
  port_.write_line(json.c_str());
}

}  // namespace shade
