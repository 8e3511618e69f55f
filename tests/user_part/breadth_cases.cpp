// What test_breadth.py runs on a processor, as wiring_cases.cpp.
#include "Arduino.h"

SYSTEM_MODE(MANUAL);

struct Tail : LogHandler {
  Tail() : LogHandler(LOG_LEVEL_WARN, {{"app.noise", LOG_LEVEL_NONE}, {"app", LOG_LEVEL_INFO}}) {}
  void logMessage(const char* text, LogLevel level, const char* category, const LogAttributes& attributes) override {
    Serial.printlnf("%s %s %s %d %s", category, levelName(level), text, attributes.has_code ? (int)attributes.code : 0,
                    attributes.has_details ? attributes.details : "-");
  }
};

template <typename T>
void say(const T& what) {
  Serial.println(what);
}

#define CASE(name) extern "C" __attribute__((used)) void case_##name()

void tell(const JSONValue& value) {
  Serial.print(value.type());
  if (value.isArray()) {
    for (JSONArrayIterator each(value); each.next();) tell(each.value());
  } else if (value.isObject()) {
    for (JSONObjectIterator each(value); each.next();) {
      Serial.print(String(each.name()));
      tell(each.value());
    }
  } else {
    Serial.printf("<%s>", value.toString().data());
  }
}

CASE(json_read) {
  for (const char* text :
       {"{\"a\": [1, -2.5, true, null, {\"b\": {}}], \"c\\n\": \"x\\\"\\u0041\\u00e9\"}", "[]", " 7 ", "\"alone\"",
        "[[[[]],[]]]", "{\"a\":1,}", "[1 2]", "{\"a\"}", "[", "]", "", "\"\\q\"", "[1}", "{1:2}", "xil"}) {
    tell(JSONValue::parseCopy(text));
    Serial.println();
  }
  JSONValue value = JSONValue::parseCopy("[\"12abc\", 3.75, false, \"0.0\", \"no\"]");
  JSONArrayIterator each(value);
  say(each.count());
  while (each.next())
    Serial.printlnf("%d %.2f %d", each.value().toInt(), each.value().toDouble(), each.value().toBool());
  say(each.value().toString() == "no");
  char place[] = "{\"k\":\"v\"}";
  JSONObjectIterator pair(JSONValue::parse(place, strlen(place)));
  say(pair.next());
  say(pair.value().toString().data() > place && pair.value().toString().data() < place + sizeof place);
}

CASE(json_write) {
  char text[64];
  JSONBufferWriter writer(text, sizeof text);
  writer.beginObject().name("a").beginArray().value(-1).value(2u).value(true).nullValue().value("q\"\n\x01").endArray();
  writer.name(String("d")).value(1.5, 2).name("e").value(String("s")).endObject();
  say(String(text, writer.dataSize()));
  JSONBufferWriter small(text, 4);
  small.beginArray().value("long").endArray();
  say(small.dataSize());
  say(small.bufferSize());
  say(String(text, 4));
  JSONStreamWriter stream(Serial);
  stream.beginArray().value(0.25).value("x").endArray();
  Serial.println();
}

struct Counted {
  static int living;
  String text;
  Counted(const char* what = "") : text(what) { ++living; }
  Counted(const Counted& other) : text(other.text) { ++living; }
  Counted(Counted&& other) : text(static_cast<String&&>(other.text)) { ++living; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --living; }
  bool operator==(const Counted& other) const { return text == other.text; }
};
int Counted::living = 0;

void list(const Vector<Counted>& all) {
  for (const Counted& each : all) Serial.print(each.text);
  Serial.printlnf(" %d %d", all.size(), Counted::living);
}

CASE(vector) {
  {
    Vector<Counted> all = {"a", "b", "c"};
    list(all);
    all.append("d");
    all.prepend("z");
    all.insert(2, 2, all[0]);
    list(all);
    all.insert(1, all);
    list(all);
    say(all.removeAll("z"));
    say(all.removeOne("b"));
    say(all.indexOf("b"));
    say(all.lastIndexOf("a"));
    list(all);
    say(all.takeAt(0).text);
    say(all.takeLast().text);
    all.removeAt(1, 2);
    list(all);
    Vector<Counted> copy(all), moved(static_cast<Vector<Counted>&&>(all));
    say(copy == moved);
    say(all.isEmpty());
    copy.resize(2);
    copy.trimToSize();
    say(copy.capacity());
    list(copy.copy(1, -1));
    copy.fill("f");
    list(copy);
  }
  say(Counted::living);
}

CASE(logs) {
  Tail tail;
  say(LogManager::instance()->addHandler(&tail));
  say(LogManager::instance()->addHandler(&tail));
  Log.code(-210).details("stalled").warn("stopped at %d", 5);
  Log.trace("too low");
  Logger("app.noise.more").error("filtered");
  Logger("comm").info("below the default");
  LOG(ERROR, "by the macro");
  say(tail.level("comm"));
  say(tail.level());
  {
    LOG_CATEGORY("net");
    LOG(WARN, "of a category");
  }
  LogManager::instance()->removeHandler(&tail);
}

CASE(words) {
  char text[40];
  say(itoa(-255, text, 16));
  say(ltoa(-2147483647L - 1, text, 10));
  say(ltoa(255, text, 16));
  say(utoa(4294967295u, text, 2));
  say(ultoa(7, text, 10, 3));
  say(isDigit('7') && isAlpha('x') && isHexadecimalDigit('F') && !isDigit('x') && isWhitespace(' ') && isAscii(127));
  say(F("flash"));
  say(String(F("text")));
  static const uint8_t table[] PROGMEM = {1, 2, 3};
  say(pgm_read_byte(table + 2));
  strcpy_P(text, PSTR("copied"));
  say(text);
  say(word(1, 2));
  say(bit(4) | _BV(1));
  say(TRUE == !FALSE);
  boolean on = HIGH;
  say(on);
  say(round(2.5));
  say(lowByte(0x1234));
  say(digitalPinToBitMask(D0));
  const char* found = strchr("a-b", '-');
  say(found);
  say(strcasestr("Content-LENGTH", "length"));
}

CASE(flags) {
  PublishFlags flags = PRIVATE | WITH_ACK;
  say((int)flags.value());
  say((bool)(flags & NO_ACK));
  flags |= NO_ACK;
  say((int)(flags ^ PRIVATE).value());
  say(particle::protocol::MAX_EVENT_DATA_LENGTH);
  CloudDisconnectOptions options;
  options.graceful(true).timeout(5s);
  say(options.isGracefulSet() && options.timeout() == 5000 && !options.isClearSessionSet());
  auto both = EnumFlags<SystemSleepFlag>(SystemSleepFlag::WAIT_CLOUD) << 1;
  both.set(SystemSleepFlag::WAIT_CLOUD);
  say((int)both.value());
  say(both > EnumFlags<SystemSleepFlag>(SystemSleepFlag::WAIT_CLOUD) && !both.clear(both).isSet());
  Error error(Error::NOT_FOUND, "no such shade"), other(Error::NOT_FOUND);
  say(error.message());
  say(error == other && error != Error::NONE && error && !Error(Error::NONE));
  say(!INADDR_NONE && IPAddress(0, 0, 0, 0) == INADDR_NONE);
  Future<bool> none;
  say(none.isDone() && none.isFailed());
}

CASE(eeprom_bytes) {
  EEPROM[3] = 40;
  EEPROM[3] += 3;
  EEPROM[4] = EEPROM[3]--;
  say((int)*EEPROM[3]);
  say((int)EEPROM.read(4));
  int count = 0;
  for (EEPtr each = EEPROM.begin(); each != EEPROM.end(); ++each) count += *each == 0xFF;
  say(count);
}

CASE(sleep) {
  SystemSleepConfiguration config;
  say(config.valid());
  config.mode(SystemSleepMode::STOP).gpio(D2, RISING).gpio(D3, CHANGE).gpio(D2, FALLING).duration(15min);
  say(config.valid());
  SystemSleepConfiguration moved(static_cast<SystemSleepConfiguration&&>(config));
  SystemSleepResult result = System.sleep(moved);
  say((int)result.wakeupReason());
  say(result.wakeupPin());
  say((int)result.error());
  say(System.sleepResult().wokenUpByPin());
  say(System.sleep(SystemSleepConfiguration()).error());
}

CASE(wire) {
  say(Wire.requestFrom(WireTransmission(0x40).quantity(2).timeout(20).stop(false)));
  Wire.beginTransmission(0x40);
  say(Wire.write(0));
}

void (*const cases[])() = {case_json_read, case_json_write, case_vector,       case_logs,  case_words,
                           case_flags,     case_sleep,      case_eeprom_bytes, case_wire};

void setup() {
  for (auto each : cases)
    if (millis() == 0xFFFFFFFF) each();
}
