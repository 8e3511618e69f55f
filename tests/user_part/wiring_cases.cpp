// What test_wiring.py runs on a processor: each case prints on Serial, by the lines it expects there.
#include "Particle.h"

#include <memory>
#include <vector>

SYSTEM_MODE(SEMI_AUTOMATIC);
SYSTEM_THREAD(ENABLED);

SerialLogHandler logs(115200, LOG_LEVEL_INFO, {{"app.noise", LOG_LEVEL_NONE}});

template <typename T>
void say(const T& what) {
  Serial.println(what);
}

// Kept by the linker, so that the test finds it by its name.
#define CASE(name) extern "C" __attribute__((used)) void case_##name()

CASE(strings) {
  String s("abc");
  s += 1;
  s += 'x';
  s += " y";
  say(s);
  say(s.length());
  say(s.indexOf("x"));
  say(s.substring(1, 3));
  say(s.toUpperCase());
  say(String(-42));
  say(String(255, HEX));
  say(String(5, BIN));
  say(String((long)-2147483647 - 1));
  say(String(3.14159, 2));
  say(String(1e12, 1));
  say(String::format("%s-%03d-%x", "a", 7, 255));
  say(String::format("%.3f and %lld", 2.5, 1234567890123LL));
  s = "  padded ";
  say("[" + s.trim() + "]");
  s = "a,b,c";
  say(s.replace(",", "--"));
  say(s.remove(1, 2));
  say(String("12abc").toInt());
  say(String("x").toInt());
  say(s == "ab--c" ? "same" : "other");
  String moved(static_cast<String&&>(s));
  say(s.length());
  say(moved.length());
}

CASE(printing) {
  Serial.print(5);
  Serial.print(' ');
  Serial.print(-5L);
  Serial.print(' ');
  Serial.print(200u, HEX);
  Serial.print(' ');
  Serial.print(1.5);
  Serial.print(' ');
  Serial.println(true);
  Serial.println(0x123456789ALL, HEX);
  Serial.println(IPAddress(192, 168, 0, 1));
  Serial.printf("%s=%d%%", "x", 3);
  Serial.printlnf(" long enough to need more than the small buffer: %d", 12345);
  say(Serial.write("four"));
  say(Serial.getWriteError());
}

CASE(arithmetic) {
  say(map(5, 0, 10, 0, 100));
  say(map(7, 3, 3, 0, 9));
  say(constrain(12, 0, 10));
  say(min(3, 2));
  say(max(3u, 4u));
  randomSeed(1);
  int first = random(1000);
  randomSeed(1);
  say(first == random(1000));
  bool inside = true;
  for (int i = 0; i < 200; ++i) {
    int r = random(-3, 4);
    inside = inside && r >= -3 && r < 4;
  }
  say(inside);
  say(random(0));
  say(random(9, 2));
}

CASE(time) {
  Time.zone(0);
  say(Time.format(1500000000, TIME_FORMAT_ISO8601_FULL));
  say(Time.timeStr(1500000000));
  Time.zone(-7);
  Time.beginDST();
  say(Time.format(1500000000, "%H:%M %z%%"));
  say(Time.hour(1500000000));
  say(Time.year(1500000000));
  say(Time.weekday(1500000000));
  say(Time.hourFormat12(1500000000));
  say((int)Time.isPM(1500000000));
  Time.endDST();
  say((int)Time.zone());
  say(Time.now());
  say((int)Time.isValid());
}

CASE(addresses) {
  IPAddress a(10, 20, 30, 40), none;
  say(a.toString());
  say(a[0]);
  say(a[3]);
  say((bool)a);
  say((bool)none);
  say(a == IPAddress(10, 20, 30, 40));
  say(WiFi.localIP());
  say(WiFi.SSID());
  say((int)WiFi.RSSI());
  say((int)WiFi.RSSI().getStrength());
  uint8_t mac[6];
  WiFi.macAddress(mac);
  say(mac[5]);
  say(WiFi.resolve("nobody"));
}

CASE(system) {
  say(System.version());
  say(System.versionNumber());
  say(System.deviceID());
  say(System.freeMemory());
  say(System.resetReason());
  say(System.resetReasonData());
  say((int)System.updatesEnabled());
  say(System.uptime());
  say(System.ticksPerMicrosecond());
  say(System.enableFeature(FEATURE_RETAINED_MEMORY));
  say(System.on(reset, [](system_event_t, int) {}));
  say(System.on(reset, [](system_event_t, int, void*) {}));
  say(System.set(SYSTEM_CONFIG_SOFTAP_PREFIX, "Shade"));
  say(waitFor(Particle.connected, 5));
  say(millis());
}

CASE(sleeping) {
  SleepResult woken = System.sleep(D1, RISING, 10);
  say((int)woken.wokenUpByPin());
  say(woken.pin());
  say((int)System.sleepResult().wokenUpByPin());
}

CASE(waiting) {
  delay(30);
  delay(2s);
  say(millis());
  delayMicroseconds(50us);
  say(System.sleep(SLEEP_MODE_WLAN, 5min).error());
}

CASE(eeprom) {
  say(EEPROM.length());
  say(EEPROM.read(7));
  EEPROM.write(7, 42);
  say(EEPROM.read(7));
  struct Settings {
    uint8_t version;
    uint32_t count;
  } kept = {3, 99}, read = {};
  EEPROM.put(100, kept);
  EEPROM.get(100, read);
  say(read.version);
  say(read.count);
  say(EEPROM.hasPendingErase());
}

CASE(pins) {
  pinMode(D2, OUTPUT);
  pinMode(D3, OUTPUT);
  digitalWrite(D2, HIGH);
  digitalWriteFast(D2, LOW);
  pinSetFast(D3);
  say(pinReadFast(D5));
  pinMode(D4, INPUT_PULLUP);
  digitalWrite(D4, HIGH);
  say(digitalRead(D4));
  say(analogRead(A1));
  analogWrite(D2, 77);
  analogWrite(D2, 10, 1000);
  say((int)getPinMode(D4));
  say(pinAvailable(99));
  say(pinAvailable(SCL));
  shiftOut(D2, D3, MSBFIRST, 0x80);
}

CASE(shared) {
  SINGLE_THREADED_BLOCK() { say("in"); }
  ATOMIC_BLOCK() { say("atomic"); }
  WITH_LOCK(Serial) { say("locked"); }
  Mutex mutex;
  mutex.lock();
  say(mutex.trylock());
  mutex.unlock();
  TRY_LOCK(mutex) { say("tried"); }
}

CASE(serial1) {
  Serial1.begin(9600, SERIAL_8E1);
  say(Serial1.write(0x41));
  say(Serial1.available());
  say(Serial1.read());
  say(Serial1.peek());
  say(Serial1.isEnabled());
  Serial1.blockOnOverrun(false);
  say(Serial1.write('x'));
  Serial1.flush();
}

CASE(input) {
  say(Serial.parseInt());
  say(Serial.parseFloat());
  say(Serial.readStringUntil(';'));
  char bytes[4] = {};
  say(Serial.readBytes(bytes, 3));
  say(bytes);
  say((int)Serial.find(const_cast<char*>("key=")));
  Serial.setTimeout(20);
  say(Serial.readString());
  say(Serial.read());
}

CASE(buses) {
  const uint8_t more[] = {2, 3};
  Wire.setSpeed(CLOCK_SPEED_400KHZ);
  Wire.begin();
  Wire.beginTransmission(0x40);
  Wire.write(1);
  Wire.write(more, 2);
  say(Wire.endTransmission());
  say(Wire.requestFrom(0x40, 3, false));
  SPI.begin(A2);
  SPI.beginTransaction(particle::SPISettings(4 * MHZ, MSBFIRST, SPI_MODE3));
  say(SPI.transfer(0x55));
  SPI.endTransaction();
  say(SPI.setClockSpeed(1, MHZ));
}

CASE(threads) {
  int told = 7;
  Thread thread("worker", [told]() { say(told); }, OS_THREAD_PRIORITY_DEFAULT + 1, 1024);
  say(thread.isValid());
  Thread moved(static_cast<Thread&&>(thread));
  say(thread.isValid());
  moved.dispose();
  say(moved.isValid());
}

CASE(status) {
  LEDStatus status(RGB_COLOR_RED, LED_PATTERN_BLINK, LED_SPEED_FAST, LED_PRIORITY_IMPORTANT);
  status.setActive(true);
  say(status.period());
  say(status.priority());
  status.off();
  say((int)status.isOn());
  RGB.control(true);
  RGB.color(1, 2, 3);
  RGB.color(0x102030);
}

CASE(logging) {
  Log.info("value %d", 42);
  Log.trace("below the level");
  Logger noise("app.noise");
  noise.error("filtered");
}

CASE(containers) {
  std::vector<int> numbers;
  for (int i = 0; i < 20; ++i) numbers.push_back(i * i);
  say(numbers[19]);
  std::function<int(int)> twice = [](int x) { return 2 * x; };
  say(twice(21));
  std::unique_ptr<String> owned(new String("owned"));
  say(*owned);
  char text[32];
  snprintf(text, sizeof text, "%d/%s", 7, "x");
  say(text);
  say(strtoul("ff", nullptr, 16));
  say(atof("2.5"));
}

int blinds_toggled = 0;
struct Blinds {
  int at = 7;
  void toggled() { ++blinds_toggled; }
  int move(String to) {
    at = to.toInt();
    return at * 2;
  }
  void moved(const char* name, const char* data) { Serial.printlnf("%s: %s", name, data ? data : "-"); }
};
Blinds blinds;
String label("a label");
double level = 0.25;
unsigned count = 3;
const char* fixed = "fixed";
CASE(register) {
  say(Particle.function("move", &Blinds::move, &blinds));
  say(Particle.function("raw", [](String s) -> int { return static_cast<int>(s.length()); }));
  say(Particle.variable("at", blinds.at));
  say(Particle.variable("label", label));
  say(Particle.variable("level", level));
  say(Particle.variable("count", count));
  say(Particle.variable("fixed", fixed));
  say(Particle.variable("text", []() { return String("made ") + count; }));
  say(Particle.variable("next", []() -> int { return blinds.at + 1; }));
  say(Particle.variable("half", []() -> double { return level / 2; }));
  say(Particle.subscribe("blinds/", &Blinds::moved, &blinds, MY_DEVICES));
}
CASE(publish) {
  say(Particle.publish("name", "data", PRIVATE));
  auto later = Particle.publish("later", "x", 30, PRIVATE | WITH_ACK);
  say((int)later.isDone());
  say((int)later.isSucceeded());
}
int ticks = 0;
Timer* timer;
CASE(timer) {
  timer = new Timer(250, [] {
    ++ticks;
    say(ticks);
  });
  say(timer->start());
}
CASE(end_timer) {
  delete timer;
  say("gone");
}
CASE(interrupt) { say(attachInterrupt(D3, &Blinds::toggled, (Blinds*)nullptr, FALLING)); }

void (*const cases[])() = {case_strings, case_printing,  case_arithmetic, case_time,     case_addresses,
                           case_system,  case_sleeping,  case_serial1,    case_input,    case_buses,
                           case_threads, case_waiting,   case_eeprom,     case_pins,     case_shared,
                           case_status,  case_logging,   case_containers, case_register, case_publish,
                           case_timer,   case_end_timer, case_interrupt};

// Refers to every case and calls none.
void setup() {
  for (auto each : cases)
    if (millis() == 0xFFFFFFFF) each();
}

void loop() {}

void serialEvent() { Serial.printlnf("event %d", Serial.read()); }
