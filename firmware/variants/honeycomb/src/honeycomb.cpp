// honeycomb: presses the keys of a maker's own controller and reads the limit switches of its shade.
#include "Particle.h"
#include "contact_drive.h"
#include "shade.h"
#include "version.h"

#define HONEYCOMB_PRODUCT 20004

PRODUCT_ID(HONEYCOMB_PRODUCT);
PRODUCT_VERSION(FIRMWARE_VERSION);
SYSTEM_MODE(AUTOMATIC);
// Contacts must be let go in time and the bench console must answer while Wi-Fi or cloud are still being looked for.
SYSTEM_THREAD(ENABLED);
STARTUP(shade::ShadeDevice::before_setup());

namespace {

ContactDrive drive({D2, D3, D4, D5, D6});

const shade::Identity identity = {
    "honeycomb",           HONEYCOMB_PRODUCT, FIRMWARE_VERSION,
    FIRMWARE_EXPERIMENTAL, {400, 50},       // an end that half the travel more does not reach is missing
    shade::Measure::Time,  {20000, 20000},  // until calibrated
};

shade::ShadeDevice device(drive, identity, nullptr, A0, {A3, A4, A5});

}  // namespace

void setup() { device.setup(); }

void loop() { device.loop(); }
