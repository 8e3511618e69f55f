// Numbers as text, in a base of 2 to 36; each returns the text.
#pragma once

extern "C" {
char* itoa(int value, char* text, int base);
char* utoa(unsigned value, char* text, int base);
char* ltoa(long value, char* text, int base);
char* ultoa(unsigned long value, char* text, int base, char fill = 1);  // at least `fill` digits
}
