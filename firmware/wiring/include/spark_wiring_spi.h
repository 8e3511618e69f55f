// SPI on A3 (SCK), A4 (MISO) and A5 (MOSI).
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_constants.h"
#include "spark_wiring_thread.h"

#define SPI_MODE0 0x00
#define SPI_MODE1 0x01
#define SPI_MODE2 0x02
#define SPI_MODE3 0x03

#define SPI_CLOCK_DIV2 0x00
#define SPI_CLOCK_DIV4 0x08
#define SPI_CLOCK_DIV8 0x10
#define SPI_CLOCK_DIV16 0x18
#define SPI_CLOCK_DIV32 0x20
#define SPI_CLOCK_DIV64 0x28
#define SPI_CLOCK_DIV128 0x30
#define SPI_CLOCK_DIV256 0x38

#define SPI_DEFAULT_SS ((uint16_t)(-1))

constexpr unsigned HZ = 1;
constexpr unsigned KHZ = 1000;
constexpr unsigned MHZ = 1000000;

typedef hal_spi_dma_user_callback wiring_spi_dma_transfercomplete_callback_t;
typedef hal_spi_select_user_callback wiring_spi_select_callback_t;

class SPIClass;

namespace particle {

// What a transaction asks for.
class SPISettings {
 public:
  SPISettings() = default;
  SPISettings(uint32_t hz, uint8_t bit_order, uint8_t mode)
      : default_(false), clock_(hz), bit_order_(bit_order), mode_(mode) {}
  uint32_t getClock() const { return clock_; }

 private:
  friend class ::SPIClass;

  bool default_ = true;
  uint32_t clock_ = 0;
  uint8_t bit_order_ = 0;
  uint8_t mode_ = 0;
};

}  // namespace particle

class SPIClass {
 public:
  explicit SPIClass(hal_spi_interface_t spi) : spi_(spi) { hal_spi_init(spi); }

  void begin() { begin(SPI_DEFAULT_SS); }
  void begin(uint16_t select_pin) { hal_spi_begin(spi_, select_pin); }
  void begin(hal_spi_mode_t mode, uint16_t select_pin = SPI_DEFAULT_SS) {
    hal_spi_begin_ext(spi_, mode, select_pin, nullptr);
  }
  void end() { hal_spi_end(spi_); }
  bool isEnabled() { return hal_spi_is_enabled(spi_); }
  hal_spi_interface_t interface() const { return spi_; }

  void setBitOrder(uint8_t order) { hal_spi_set_bit_order(spi_, order); }
  void setDataMode(uint8_t mode) { hal_spi_set_data_mode(spi_, mode); }
  void setClockDivider(uint8_t divider) { hal_spi_set_clock_divider(spi_, divider); }
  // The fastest clock up to `value` times `scale`, which is returned in Hz; the slowest if none is slow enough.
  unsigned setClockSpeed(unsigned value, unsigned scale = HZ);

  // 0. Locks SPI until the end.
  int32_t beginTransaction();
  int32_t beginTransaction(const particle::SPISettings& settings);
  void endTransaction() { unlock(); }

  byte transfer(byte data) { return static_cast<byte>(hal_spi_transfer(spi_, data)); }
  // Either buffer may be null. Without a callback it waits for the end.
  void transfer(void* sent, void* received, size_t length, wiring_spi_dma_transfercomplete_callback_t done);
  void transferCancel() { hal_spi_transfer_dma_cancel(spi_); }
  int32_t available() { return hal_spi_transfer_dma_status(spi_, nullptr); }  // of a slave: bytes received
  void onSelect(wiring_spi_select_callback_t handler) { hal_spi_set_callback_on_selected(spi_, handler, nullptr); }

  bool trylock() { return mutex_.trylock(); }
  int lock() {
    mutex_.lock();
    return 0;
  }
  void unlock() { mutex_.unlock(); }

 private:
  struct Divided {
    uint8_t divider;
    unsigned hz;
  };
  Divided divided(unsigned hz);

  const hal_spi_interface_t spi_;
  RecursiveMutex mutex_;
};

// There with its first use, also in constructors and STARTUP().
SPIClass& __fetch_global_SPI();
#define SPI __fetch_global_SPI()
