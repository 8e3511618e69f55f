// drapery: a Dooya curtain motor on an RS-485 bus, which knows where it is.
#include "Particle.h"
#include "bus_motor.h"
#include "shade.h"
#include "version.h"

#define DRAPERY_PRODUCT 20003

PRODUCT_ID(DRAPERY_PRODUCT);
PRODUCT_VERSION(FIRMWARE_VERSION);
SYSTEM_MODE(AUTOMATIC);
// The motor must be asked and the bench console must answer while Wi-Fi or cloud are still being looked for.
SYSTEM_THREAD(ENABLED);
STARTUP(shade::ShadeDevice::before_setup());

namespace {

BusMotor motor(D2);

const shade::Identity identity = {
    "drapery", DRAPERY_PRODUCT,       FIRMWARE_VERSION, FIRMWARE_EXPERIMENTAL,
    {100, 0},  shade::Measure::Motor, {20000, 20000},  // of no consequence: the motor keeps its own
};

shade::ShadeDevice device(motor, identity, nullptr, shade::LoopGuard::kNoPin, {A3, A4, A5});

}  // namespace

void setup() { device.setup(); }

void loop() { device.loop(); }
