// roller: an A-OK remote control of a tube motor. Nothing answers; the position comes from timed travel.
#include "Particle.h"
#include "radio_remote.h"
#include "shade.h"
#include "version.h"

#define ROLLER_PRODUCT 20001

PRODUCT_ID(ROLLER_PRODUCT);
PRODUCT_VERSION(FIRMWARE_VERSION);
SYSTEM_MODE(AUTOMATIC);
// The motor must be stopped in time and the bench console must answer while Wi-Fi or cloud are still being looked for.
SYSTEM_THREAD(ENABLED);
STARTUP(shade::ShadeDevice::before_setup());

namespace {

RadioRemote remote;

const shade::Identity identity = {
    "roller",
    ROLLER_PRODUCT,
    FIRMWARE_VERSION,
    FIRMWARE_EXPERIMENTAL,
    {600, 10},  // 600 ms between directions, the frames of a stop included; at the ends a tenth of the travel more
    shade::Measure::Time,
    {20000, 18000},  // until calibrated
};

shade::ShadeDevice device(remote, identity, nullptr, shade::LoopGuard::kNoPin, {D0, D1, D2});

}  // namespace

void setup() { device.setup(); }

void loop() { device.loop(); }
