// The product version this firmware is built as. The bench edits this line to build "a new version".
#pragma once

#define FIRMWARE_VERSION 1
