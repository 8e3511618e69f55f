// SPI.
#include "spark_wiring_spi.h"

namespace particle {

template <hal_spi_interface_t which>
SPIClass& SpiProxy<which>::instance() {
  static SPIClass spi(which);
  return spi;
}

template class SpiProxy<HAL_SPI_INTERFACE1>;
template class SpiProxy<HAL_SPI_INTERFACE2>;

namespace globals {
SpiProxy<HAL_SPI_INTERFACE1> SPI;
SpiProxy<HAL_SPI_INTERFACE2> SPI1;
}  // namespace globals

}  // namespace particle

namespace {

constexpr uint8_t kStep = SPI_CLOCK_DIV4 - SPI_CLOCK_DIV2;

}  // namespace

void SPIClass::computeClockDivider(unsigned reference, unsigned wanted, uint8_t& divider, unsigned& hz) {
  divider = SPI_CLOCK_DIV2;
  for (hz = reference / 2; hz > wanted && divider < SPI_CLOCK_DIV256; hz /= 2)
    divider = static_cast<uint8_t>(divider + kStep);
}

SPIClass::Divided SPIClass::divided(unsigned hz) {
  hal_spi_info_t info = {};
  info.version = 11;
  hal_spi_info(spi_, &info, nullptr);
  Divided found;
  computeClockDivider(info.system_clock, hz, found.divider, found.hz);
  return found;
}

void SPIClass::setClockDivider(uint8_t divider) {
  if (reference_)
    setClockSpeed(reference_ >> (1 + (divider - SPI_CLOCK_DIV2) / kStep));
  else
    hal_spi_set_clock_divider(spi_, divider);
}

unsigned SPIClass::setClockSpeed(unsigned value, unsigned scale) {
  const Divided found = divided(value * scale);
  hal_spi_set_clock_divider(spi_, found.divider);
  return found.hz;
}

namespace particle {

bool SPISettings::operator>=(const SPISettings& other) const {
  if (default_ || other.default_) return default_ == other.default_;
  return clock_ >= other.clock_ && bit_order_ == other.bit_order_ && mode_ == other.mode_;
}

bool SPISettings::operator<=(const SPISettings& other) const { return other >= *this; }
bool SPISettings::operator==(const SPISettings& other) const { return *this >= other && other >= *this; }

size_t SPISettings::printTo(Print& print) const {
  if (default_) return print.print("<SPISettings default>");
  return print.printf("<SPISettings %u %s MODE%u>", static_cast<unsigned>(clock_),
                      bit_order_ == MSBFIRST ? "MSB" : "LSB", static_cast<unsigned>(mode_));
}

}  // namespace particle

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
