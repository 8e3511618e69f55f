// CAN on D1 (TX) and D2 (RX): CANChannel can(CAN_D1_D2).
#pragma once

#include "device_os/functions.h"

class CANChannel {
 public:
  CANChannel(HAL_CAN_Channel channel, uint16_t receive_queue = 32, uint16_t send_queue = 32) : channel_(channel) {
    HAL_CAN_Init(channel_, receive_queue, send_queue, nullptr);
  }

  void begin(unsigned long baud, uint32_t flags = 0) { HAL_CAN_Begin(channel_, baud, flags, nullptr); }
  void end() { HAL_CAN_End(channel_, nullptr); }
  bool isEnabled() { return HAL_CAN_Is_Enabled(channel_); }

  uint8_t available() { return HAL_CAN_Available_Messages(channel_, nullptr); }
  bool receive(CANMessage& message) { return HAL_CAN_Receive(channel_, &message, nullptr); }  // false: none is there
  bool transmit(const CANMessage& message) { return HAL_CAN_Transmit(channel_, &message, nullptr); }  // false: full

  // Messages whose id is `id` where `mask` has ones; without a filter all are received.
  bool addFilter(uint32_t id, uint32_t mask, HAL_CAN_Filters kind = CAN_FILTER_STANDARD) {
    return HAL_CAN_Add_Filter(channel_, id, mask, kind, nullptr);
  }
  void clearFilters() { HAL_CAN_Clear_Filters(channel_, nullptr); }
  HAL_CAN_Errors errorStatus() { return HAL_CAN_Error_Status(channel_); }

 private:
  HAL_CAN_Channel channel_;
};
