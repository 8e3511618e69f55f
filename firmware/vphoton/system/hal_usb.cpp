// Table hal_usb: USB serial. A second port (USBSerial1) is never connected.
#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kSerial = 0;
constexpr int32_t kBuffer = 128;

struct Kept {
  bool enabled = false;
};

void init(Application&, uint8_t, uint32_t) {}  // the port keeps what comes, whoever's the buffers are
void begin(Application& app, uint8_t port, uint32_t baud, uint32_t) {
  if (port != kSerial) return;
  app.state<Kept>().enabled = true;
  app.device().usb_serial().begin(static_cast<long>(baud));
}
void end(Application& app, uint8_t port) {
  if (port != kSerial) return;
  app.state<Kept>().enabled = false;
  app.device().usb_serial().end();
}
int32_t available(Application& app, uint8_t port) {
  return port == kSerial ? app.device().usb_serial().available() : 0;
}
int32_t room(Application& app, uint8_t port) {
  return port == kSerial ? app.device().usb_serial().available_for_write() : kBuffer;
}
int32_t receive(Application& app, uint8_t port, uint8_t peek) {
  if (port != kSerial) return -1;
  return peek ? app.device().usb_serial().peek() : app.device().usb_serial().read();
}
int32_t send(Application& app, uint8_t port, uint8_t byte) {
  return port == kSerial ? static_cast<int32_t>(app.device().usb_serial().write(&byte, 1)) : -1;
}
void flush(Application& app, uint8_t port) {
  if (port == kSerial) app.device().usb_serial().flush();
}
bool is_enabled(Application& app, uint8_t port) { return port == kSerial && app.state<Kept>().enabled; }
bool is_connected(Application& app, uint8_t port) { return port == kSerial && app.device().usb_serial().connected(); }

}  // namespace

SystemFunctions hal_usb_functions() {
  return {
      serves<init>("HAL_USB_USART_Init"),
      serves<begin>("HAL_USB_USART_Begin"),
      serves<end>("HAL_USB_USART_End"),
      serves<available>("HAL_USB_USART_Available_Data"),
      serves<room>("HAL_USB_USART_Available_Data_For_Write"),
      serves<receive>("HAL_USB_USART_Receive_Data"),
      serves<send>("HAL_USB_USART_Send_Data"),
      serves<flush>("HAL_USB_USART_Flush_Data"),
      serves<is_enabled>("HAL_USB_USART_Is_Enabled"),
      serves<is_connected>("HAL_USB_USART_Is_Connected"),
  };
}

}  // namespace vphoton::system
