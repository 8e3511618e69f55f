// Serial: the device's USB serial port.
#include "core/device.h"

#include "application.h"

using vphoton::device;

USBSerial Serial;

void USBSerial::begin(long speed) { device().usb_serial().begin(speed); }
void USBSerial::end() { device().usb_serial().end(); }
bool USBSerial::isConnected() { return device().usb_serial().connected(); }
int USBSerial::available() { return device().usb_serial().available(); }
int USBSerial::read() { return device().usb_serial().read(); }
int USBSerial::peek() { return device().usb_serial().peek(); }
void USBSerial::flush() { device().usb_serial().flush(); }
size_t USBSerial::write(uint8_t c) { return write(&c, 1); }
size_t USBSerial::write(const uint8_t* buffer, size_t size) { return device().usb_serial().write(buffer, size); }
