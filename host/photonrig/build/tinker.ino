// The stock application: reads and writes pins by cloud functions, as setup apps expect of a fresh device.
// Arguments name a pin, A0 … A7 or D0 … D7, and for writing a value: "D7,HIGH", "A5=128".

int digitalread(String argument);
int digitalwrite(String argument);
int analogread(String argument);
int analogwrite(String argument);

void setup() {
  Particle.function("digitalread", digitalread);
  Particle.function("digitalwrite", digitalwrite);
  Particle.function("analogread", analogread);
  Particle.function("analogwrite", analogwrite);
}

void loop() {}

// The pin an argument begins with; -1 if it names none.
int pinOf(const String &argument) {
  if (argument.length() < 2) return -1;
  int number = argument.charAt(1) - '0';
  if (number < 0 || number > 7) return -1;
  switch (argument.charAt(0)) {
    case 'D':
      return D0 + number;
    case 'A':
      return A0 + number;
    default:
      return -1;
  }
}

String valueOf(const String &argument) { return argument.length() > 3 ? argument.substring(3) : String(); }

int digitalread(String argument) {
  int pin = pinOf(argument);
  if (pin < 0) return -1;
  pinMode(pin, INPUT_PULLDOWN);
  return digitalRead(pin);
}

int digitalwrite(String argument) {
  int pin = pinOf(argument);
  String value = valueOf(argument);
  if (pin < 0) return -1;
  if (value != "HIGH" && value != "LOW") return -3;
  pinMode(pin, OUTPUT);
  digitalWrite(pin, value == "HIGH" ? HIGH : LOW);
  return 1;
}

int analogread(String argument) {
  int pin = pinOf(argument);
  if (pin < 0) return -1;
  return analogRead(pin);
}

int analogwrite(String argument) {
  int pin = pinOf(argument);
  String value = valueOf(argument);
  if (pin < 0) return -1;
  if (value.length() == 0) return -3;
  pinMode(pin, OUTPUT);
  analogWrite(pin, constrain(value.toInt(), 0, 255));
  return 1;
}
