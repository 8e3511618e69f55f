// USB serial. In listening mode the system's setup console has it.
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_stream.h"
#include "spark_wiring_thread.h"

class USBSerial : public Stream {
 public:
  USBSerial(HAL_USB_USART_Serial serial, const HAL_USB_USART_Config& config) : serial_(serial) {
    HAL_USB_USART_Init(serial, &config);
  }

  void begin(long speed = 9600) { HAL_USB_USART_Begin(serial_, static_cast<uint32_t>(speed), nullptr); }
  void end() { HAL_USB_USART_End(serial_); }
  bool isEnabled() { return HAL_USB_USART_Is_Enabled(serial_); }
  bool isConnected() { return HAL_USB_USART_Is_Connected(serial_); }  // a host has opened the port
  operator bool() { return isEnabled(); }
  unsigned int baud() { return HAL_USB_USART_Baud_Rate(serial_); }

  // Whether write() waits for room while a host has the port open.
  virtual void blockOnOverrun(bool block) { blocks_ = block; }
  virtual int availableForWrite();
  int available() override;
  int read() override;
  int peek() override;
  void flush() override { HAL_USB_USART_Flush_Data(serial_); }
  size_t write(uint8_t c) override;
  using Print::write;

  // For WITH_LOCK(Serial): the system's own output waits.
  os_mutex_recursive_t get_mutex();
  void lock() { os_mutex_recursive_lock(get_mutex()); }
  bool try_lock() { return os_mutex_recursive_trylock(get_mutex()) == 0; }
  void unlock() { os_mutex_recursive_unlock(get_mutex()); }

 private:
  const HAL_USB_USART_Serial serial_;
  bool blocks_ = true;
};

// An application may define it to give Serial other buffers.
HAL_USB_USART_Config acquireSerialBuffer();

// There with its first use, also in constructors and STARTUP().
USBSerial& _fetch_usbserial();
#define Serial _fetch_usbserial()
