// Table hal_usart: Serial1, and the first form of USB serial. To Serial2 nothing is connected.
#include <algorithm>

#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kSerial1 = 0;
constexpr int32_t kBuffer = 64;

void init(Application&, uint8_t, uint32_t, uint32_t) {}
void begin(Application& app, uint8_t port, uint32_t baud) {
  if (port == kSerial1) app.device().uart().begin(baud);
}
void begin_config(Application& app, uint8_t port, uint32_t baud, uint32_t, uint32_t) { begin(app, port, baud); }
void end(Application& app, uint8_t port) {
  if (port == kSerial1) app.device().uart().end();
}
bool is_enabled(Application& app, uint8_t port) { return port == kSerial1 && app.device().uart().baud() != 0; }
int32_t available(Application& app, uint8_t port) {
  return port == kSerial1 ? static_cast<int32_t>(app.device().uart().available()) : 0;
}
int32_t read(Application& app, uint8_t port) { return port == kSerial1 ? app.device().uart().read() : -1; }
int32_t peek(Application& app, uint8_t port) { return port == kSerial1 ? app.device().uart().peek() : -1; }
uint32_t write(Application& app, uint8_t port, uint8_t byte) {
  return port == kSerial1 ? static_cast<uint32_t>(app.device().uart().write(&byte, 1)) : 1;
}
int32_t room(Application&, uint8_t) { return kBuffer; }
void flush(Application& app, uint8_t port) {
  if (port != kSerial1) return;
  while (uint32_t busy = app.device().uart().busy_ms()) app.wait_ms(busy);
}

void usb_init(Application& app, uint32_t baud) { app.device().usb_serial().begin(static_cast<long>(baud)); }
uint8_t usb_available(Application& app) {
  return static_cast<uint8_t>(std::min(app.device().usb_serial().available(), 255));
}
int32_t usb_receive(Application& app, uint8_t peek) {
  return peek ? app.device().usb_serial().peek() : app.device().usb_serial().read();
}
void usb_send(Application& app, uint8_t byte) { app.device().usb_serial().write(&byte, 1); }
int32_t usb_room(Application&) { return kBuffer; }
void usb_flush(Application& app) { app.device().usb_serial().flush(); }

}  // namespace

SystemFunctions hal_usart_functions() {
  return {
      serves<init>("hal_usart_init"),
      serves<begin>("hal_usart_begin"),
      serves<begin_config>("hal_usart_begin_config"),
      serves<end>("hal_usart_end"),
      serves<is_enabled>("hal_usart_is_enabled"),
      serves<available>("hal_usart_available"),
      serves<read>("hal_usart_read"),
      serves<peek>("hal_usart_peek"),
      serves<write>("hal_usart_write"),
      serves<room>("hal_usart_available_data_for_write"),
      serves<flush>("hal_usart_flush"),
      serves<usb_init>("USB_USART_Init"),
      serves<usb_available>("USB_USART_Available_Data"),
      serves<usb_receive>("USB_USART_Receive_Data"),
      serves<usb_send>("USB_USART_Send_Data"),
      serves<usb_room>("USB_USART_Available_Data_For_Write"),
      serves<usb_flush>("USB_USART_Flush_Data"),
  };
}

}  // namespace vphoton::system
