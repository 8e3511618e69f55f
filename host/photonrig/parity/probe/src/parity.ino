// Firmware of the parity programme: each variable, function and event is a question about Device OS.
#include "Particle.h"
SYSTEM_THREAD(ENABLED);

static int whole = -2147483647;
static double fraction = -0.1;
static bool truth = true;
static String text = "gr\xC3\xBC\xC3\x9F";
static char grown[1001] = "";
static int last = -1;
static String names[6];

static int size(String given) { return last = given.length(); }

static int grow(String length) {
  memset(grown, 'y', sizeof grown);
  grown[constrain(length.toInt(), 0, 1000)] = 0;
  return strlen(grown);
}

// "12,34": an event with 12 more characters in its name and 34 in its data.
static int tell(String lengths) {
  String name = "parity/", data;
  int comma = lengths.indexOf(','), more = lengths.substring(0, comma).toInt(), bytes = lengths.substring(comma + 1).toInt();
  while (more-- > 0) name += 'n';
  data.reserve(bytes);
  while (bytes-- > 0) data += 'd';
  return Particle.publish(name.c_str(), data.c_str(), 60, PRIVATE) ? 1 : 0;
}

// How many of so many events in a row are accepted.
static int burst(String count) {
  int accepted = 0;
  for (int left = count.toInt(); left > 0; --left) accepted += Particle.publish("parity/burst", "", 60, PRIVATE) ? 1 : 0;
  return accepted;
}

static int mark(String data) { return Particle.publish("parity/mark", data.c_str(), 60, PRIVATE) ? 1 : 0; }

static int restart(String) {
  System.reset();
  return 0;
}

void setup() {
  Particle.variable("whole", whole);
  Particle.variable("fraction", fraction);
  Particle.variable("truth", truth);
  Particle.variable("text", text);
  Particle.variable("grown", grown);
  Particle.function("size", size);
  Particle.function("grow", grow);
  Particle.function("tell", tell);
  Particle.function("burst", burst);
  Particle.function("mark", mark);
  Particle.function("restart", restart);
  static const int lengths[] = {12, 13, 63, 64};
  for (int each = 0; each < 4; ++each) {
    for (int left = lengths[each]; left > 0; --left) names[each] += char('w' + each);
    Particle.variable(names[each].c_str(), last);
  }
}

void loop() {}
