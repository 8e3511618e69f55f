// What this build is. The bench edits these lines to build "a new version".
#pragma once

#define FIRMWARE_VERSION 1
// 1: a build for single devices; it says so wherever it names itself.
#define FIRMWARE_EXPERIMENTAL 0
