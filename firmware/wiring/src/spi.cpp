// SPI.
#include "spark_wiring_spi.h"

SPIClass& __fetch_global_SPI() {
  static SPIClass spi(HAL_SPI_INTERFACE1);
  return spi;
}

SPIClass::Divided SPIClass::divided(unsigned hz) {
  static constexpr uint8_t kStep = SPI_CLOCK_DIV4 - SPI_CLOCK_DIV2;
  hal_spi_info_t info = {};
  info.version = 11;
  hal_spi_info(spi_, &info, nullptr);
  Divided found = {SPI_CLOCK_DIV2, info.system_clock / 2};
  while (found.hz > hz && found.divider < SPI_CLOCK_DIV256)
    found = {static_cast<uint8_t>(found.divider + kStep), found.hz / 2};
  return found;
}

unsigned SPIClass::setClockSpeed(unsigned value, unsigned scale) {
  const Divided found = divided(value * scale);
  setClockDivider(found.divider);
  return found.hz;
}

int32_t SPIClass::beginTransaction() { return lock(); }

int32_t SPIClass::beginTransaction(const particle::SPISettings& settings) {
  lock();
  const uint8_t divider = settings.default_ ? 0 : divided(settings.clock_).divider;
  return hal_spi_set_settings(spi_, settings.default_, divider, settings.bit_order_, settings.mode_, nullptr);
}

void SPIClass::transfer(void* sent, void* received, size_t length, wiring_spi_dma_transfercomplete_callback_t done) {
  hal_spi_transfer_dma(spi_, sent, received, length, done);
  if (done) return;
  hal_spi_transfer_status_t status = {};
  do hal_spi_transfer_dma_status(spi_, &status);
  while (status.transfer_ongoing);
}
