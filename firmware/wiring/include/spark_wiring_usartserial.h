// Serial1 on RX and TX.
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_stream.h"

// Frames: data bits, parity, stop bits.
#define SERIAL_8N1 ((uint32_t)0x00)
#define SERIAL_8N2 ((uint32_t)0x01)
#define SERIAL_8E1 ((uint32_t)0x04)
#define SERIAL_8E2 ((uint32_t)0x05)
#define SERIAL_8O1 ((uint32_t)0x08)
#define SERIAL_8O2 ((uint32_t)0x09)
#define SERIAL_9N1 ((uint32_t)0x10)
#define SERIAL_9N2 ((uint32_t)0x11)

class USARTSerial : public Stream {
 public:
  // The buffers are the port's for good.
  USARTSerial(hal_usart_interface_t serial, hal_usart_ring_buffer_t* received, hal_usart_ring_buffer_t* sent)
      : serial_(serial) {
    hal_usart_init(serial, received, sent);
  }

  void begin(unsigned long speed) { begin(speed, SERIAL_8N1); }
  void begin(unsigned long speed, uint32_t config) { hal_usart_begin_config(serial_, speed, config, nullptr); }
  void end() { hal_usart_end(serial_); }
  bool isEnabled() { return hal_usart_is_enabled(serial_); }
  operator bool() { return true; }
  void halfduplex(bool on) { hal_usart_half_duplex(serial_, on); }
  void breakTx() { hal_usart_send_break(serial_, nullptr); }
  bool breakRx() { return hal_usart_break_detected(serial_); }
  hal_usart_interface_t interface() const { return serial_; }

  // Whether write() waits for room.
  virtual void blockOnOverrun(bool block) { blocks_ = block; }
  virtual int availableForWrite();
  int available() override;
  int read() override;
  int peek() override;
  void flush() override { hal_usart_flush(serial_); }  // waits until everything is out
  size_t write(uint8_t c) override;
  using Print::write;

 private:
  const hal_usart_interface_t serial_;
  bool blocks_ = true;
};

// An application's own, called while there is something to read.
void serialEvent2() __attribute__((weak));
void serialEventRun2() __attribute__((weak));  // calls it; there with Serial2

// There with its first use, also in constructors and STARTUP().
USARTSerial& __fetch_global_Serial1();
#define Serial1 __fetch_global_Serial1()
// On the pins of the RGB LED; an application that wants it takes the LED out of the board.
USARTSerial& __fetch_global_Serial2();
#define Serial2 __fetch_global_Serial2()
