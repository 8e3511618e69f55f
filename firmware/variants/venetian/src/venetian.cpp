// venetian: two DC motors with encoders, one lifts the blind, one turns its slats. Both positions are measured.
#include "Particle.h"
#include "encoder_drive.h"
#include "shade.h"
#include "version.h"

#define VENETIAN_PRODUCT 20002

PRODUCT_ID(VENETIAN_PRODUCT);
PRODUCT_VERSION(FIRMWARE_VERSION);
SYSTEM_MODE(AUTOMATIC);
// The motors must be stopped in time and the bench console must answer while Wi-Fi or cloud are still being looked for.
SYSTEM_THREAD(ENABLED);
STARTUP(shade::ShadeDevice::before_setup());

namespace {

EncoderDrive lift({D0, D1, D5, D6});
EncoderDrive tilt({D2, D3, A1, A2});

const shade::Identity identity = {
    "venetian",
    VENETIAN_PRODUCT,
    FIRMWARE_VERSION,
    FIRMWARE_EXPERIMENTAL,
    // 200 ms between directions; a blind that meets something opens 3 % again; the longest one takes a minute and a
    // half
    {200, 10, 3, 90000},
    shade::Measure::Counts,
    {1200, 240},  // until calibrated
};

shade::ShadeDevice device(lift, identity, &tilt, A0, {A3, A4, A5});

}  // namespace

void setup() { device.setup(); }

void loop() { device.loop(); }
