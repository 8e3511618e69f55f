// CAN. Device OS 2.3.1, can_hal.h.
#pragma once

#include "layout.h"

enum HAL_CAN_Channel { CAN_D1_D2 = 0 };
ABI_SIZE(HAL_CAN_Channel, 1);
enum HAL_CAN_Flags { CAN_TEST_MODE = 1 };  // what is sent comes back
enum HAL_CAN_Errors { CAN_NO_ERROR = 0, CAN_ERROR_PASSIVE = 1, CAN_BUS_OFF = 2 };
ABI_SIZE(HAL_CAN_Errors, 1);
enum HAL_CAN_Filters { CAN_FILTER_STANDARD = 0, CAN_FILTER_EXTENDED = 1 };
ABI_SIZE(HAL_CAN_Filters, 1);

struct CANMessage {
  uint32_t id = 0;
  uint8_t size = sizeof(CANMessage);
  bool extended = false;
  bool rtr = false;
  uint8_t len = 0;  // bytes of data, at most 8
  uint8_t data[8] = {};
};
ABI_FIELD(CANMessage, extended, 5);
ABI_FIELD(CANMessage, data, 8);
ABI_SIZE(CANMessage, 16);
