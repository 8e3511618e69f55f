// Local time, log filters and addresses: what needs no device behind it.
#include <doctest/doctest.h>

#include <string>

#include "application.h"

namespace {

constexpr time_t kNoon = 1500033600;  // 2017-07-14 12:00:00 UTC, a Friday

struct Capture : LogHandler {
  using LogHandler::LogHandler;
  std::string lines;
  void logMessage(const char* text, LogLevel level, const char* category, const LogAttributes&) override {
    lines += std::string(category) + " " + levelName(level) + " " + text + "\n";
  }
};

LogAttributes at(uint32_t ms) { return {sizeof(LogAttributes), true, ms}; }

}  // namespace

TEST_CASE("time: zone and daylight saving move every part") {
  CHECK(Time.format(kNoon, TIME_FORMAT_ISO8601_FULL) == "2017-07-14T12:00:00Z");
  CHECK(Time.timeStr(kNoon) == "Fri Jul 14 12:00:00 2017");
  Time.zone(-3.5f);
  CHECK(Time.hour(kNoon) == 8);
  CHECK(Time.minute(kNoon) == 30);
  Time.beginDST();
  CHECK(Time.isDST());
  CHECK(Time.hour(kNoon) == 9);
  CHECK(Time.format(kNoon, TIME_FORMAT_ISO8601_FULL) == "2017-07-14T09:30:00-02:30");
  Time.endDST();
  Time.zone(13);
  CHECK(Time.day(kNoon) == 15);
  CHECK(Time.weekday(kNoon) == 7);
  CHECK(Time.hourFormat12(kNoon) == 1);
  CHECK(Time.isAM(kNoon));
  Time.zone(15);  // there is no such zone
  CHECK(Time.zone() == 13);
  Time.zone(0);
  CHECK(Time.hourFormat12(kNoon) == 12);
  CHECK(Time.isPM(kNoon));
}

TEST_CASE("log: the filter with the longest matching category decides") {
  Capture handler(LOG_LEVEL_WARN, {{"app", LOG_LEVEL_INFO}, {"app.motor", LOG_LEVEL_ERROR}});
  CHECK(handler.level("app") == LOG_LEVEL_INFO);
  CHECK(handler.level("app.net") == LOG_LEVEL_INFO);
  CHECK(handler.level("app.motor.left") == LOG_LEVEL_ERROR);
  CHECK(handler.level("apple") == LOG_LEVEL_WARN);
  handler.message("kept", LOG_LEVEL_INFO, "app", at(1));
  handler.message("dropped", LOG_LEVEL_WARN, "app.motor", at(2));
  handler.message("kept too", LOG_LEVEL_ERROR, "other", at(3));
  CHECK(handler.lines == "app INFO kept\nother ERROR kept too\n");
}

TEST_CASE("addresses compare, print and know when they are none") {
  IPAddress address(192, 168, 0, 1);
  CHECK(address.toString() == "192.168.0.1");
  CHECK(address == IPAddress(192, 168, 0, 1));
  CHECK_FALSE(address == IPAddress(192, 168, 0, 2));
  CHECK(address[3] == 1);
  CHECK_FALSE(IPAddress());
}
