// `retained int count = 0;` keeps its value over a reset, once System.enableFeature(FEATURE_RETAINED_MEMORY) was
// called. 3068 bytes in all; a power cut, and a firmware with another number of such bytes, begin anew.
#pragma once

#define retained __attribute__((section(".retained_user")))
