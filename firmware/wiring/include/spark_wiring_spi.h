// SPI on A3 (SCK), A4 (MISO) and A5 (MOSI).
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_constants.h"
#include "spark_wiring_print.h"
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

enum FrequencyScale {
  HZ = 1,
  KHZ = 1000,
  MHZ = 1000000,
  SPI_CLK_SYSTEM = 0,
  SPI_CLK_ARDUINO = 16 * MHZ,
  SPI_CLK_PHOTON = 60 * MHZ
};

typedef hal_spi_dma_user_callback wiring_spi_dma_transfercomplete_callback_t;
typedef hal_spi_select_user_callback wiring_spi_select_callback_t;

class SPIClass;

namespace particle {

// What a transaction asks for.
class SPISettings : public Printable {
 public:
  SPISettings() = default;
  SPISettings(uint32_t hz, uint8_t bit_order, uint8_t mode)
      : default_(false), clock_(hz), bit_order_(bit_order), mode_(mode) {}
  uint32_t getClock() const { return clock_; }
  bool operator==(const SPISettings& other) const;
  bool operator!=(const SPISettings& other) const { return !(*this == other); }
  // Of the same kind, and no slower, or no faster.
  bool operator>=(const SPISettings& other) const;
  bool operator<=(const SPISettings& other) const;
  size_t printTo(Print& print) const override;

 private:
  friend class ::SPIClass;

  bool default_ = true;
  uint32_t clock_ = 0;
  uint8_t bit_order_ = 0;
  uint8_t mode_ = 0;
};

typedef SPISettings __SPISettings;

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
  void setClockDivider(uint8_t divider);
  // What the dividers divide, in Hz; 16 MHz is Arduino's (SPI_CLK_ARDUINO). 0 (SPI_CLK_SYSTEM): the system's own.
  void setClockDividerReference(unsigned value, unsigned scale = HZ) { reference_ = value * scale; }
  static void computeClockDivider(unsigned reference, unsigned wanted, uint8_t& divider, unsigned& hz);
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

  // Arduino's; interrupts need no care here.
  void attachInterrupt() {}
  void detachInterrupt() {}
  static void usingInterrupt(uint8_t) {}

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
  unsigned reference_ = SPI_CLK_SYSTEM;
  RecursiveMutex mutex_;
};

namespace particle {

// SPI and SPI1 are objects without state, so that they can be used in constructors and STARTUP(); the SPIClass of each
// is there with its first use.
template <hal_spi_interface_t which>
class SpiProxy {
 public:
  static SPIClass& instance();
  operator SPIClass&() { return instance(); }
  SPIClass* operator&() { return &instance(); }
  hal_spi_interface_t interface() { return which; }

  void begin() { instance().begin(); }
  void begin(uint16_t select_pin) { instance().begin(select_pin); }
  void begin(hal_spi_mode_t mode, uint16_t select_pin = SPI_DEFAULT_SS) { instance().begin(mode, select_pin); }
  void end() { instance().end(); }
  bool isEnabled() { return instance().isEnabled(); }
  void setBitOrder(uint8_t order) { instance().setBitOrder(order); }
  void setDataMode(uint8_t mode) { instance().setDataMode(mode); }
  void setClockDivider(uint8_t divider) { instance().setClockDivider(divider); }
  void setClockDividerReference(unsigned value, unsigned scale = HZ) {
    instance().setClockDividerReference(value, scale);
  }
  unsigned setClockSpeed(unsigned value, unsigned scale = HZ) { return instance().setClockSpeed(value, scale); }
  static void computeClockDivider(unsigned reference, unsigned wanted, uint8_t& divider, unsigned& hz) {
    SPIClass::computeClockDivider(reference, wanted, divider, hz);
  }
  int32_t beginTransaction() { return instance().beginTransaction(); }
  int32_t beginTransaction(const SPISettings& settings) { return instance().beginTransaction(settings); }
  void endTransaction() { instance().endTransaction(); }
  byte transfer(byte data) { return instance().transfer(data); }
  void transfer(void* sent, void* received, size_t length, wiring_spi_dma_transfercomplete_callback_t done) {
    instance().transfer(sent, received, length, done);
  }
  void transferCancel() { instance().transferCancel(); }
  int32_t available() { return instance().available(); }
  void onSelect(wiring_spi_select_callback_t handler) { instance().onSelect(handler); }
  void attachInterrupt() {}
  void detachInterrupt() {}
  static void usingInterrupt(uint8_t) {}
  bool trylock() { return instance().trylock(); }
  int lock() { return instance().lock(); }
  void unlock() { instance().unlock(); }
};

namespace globals {
extern SpiProxy<HAL_SPI_INTERFACE1> SPI;
extern SpiProxy<HAL_SPI_INTERFACE2> SPI1;  // on D5 (SS), D4 (SCK), D3 (MISO) and D2 (MOSI)
}  // namespace globals

}  // namespace particle

using particle::globals::SPI;
using particle::globals::SPI1;
