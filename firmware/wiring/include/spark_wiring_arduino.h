// Words of AVR boards for what lies in flash: a Photon reads flash like any other memory.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifndef PROGMEM
#define PROGMEM
#endif
#ifndef PSTR
#define PSTR(x) (x)
#endif
#ifndef pgm_read_byte
#define pgm_read_byte(x) (*(x))
#endif
#ifndef pgm_read_word
#define pgm_read_word(x) ((uint16_t)(*(x)))
#endif
#ifndef pgm_read_byte_near
#define pgm_read_byte_near(x) (*(x))
#endif
#ifndef pgm_read_word_near
#define pgm_read_word_near(x) ((uint16_t)(*(x)))
#endif
#ifndef memcpy_P
#define memcpy_P memcpy
#endif
#ifndef strcpy_P
#define strcpy_P strcpy
#endif
#ifndef strlcpy_P
#define strlcpy_P strncpy
#endif
#ifndef strlen_P
#define strlen_P strlen
#endif
#ifndef strcmp_P
#define strcmp_P strcmp
#endif
#ifndef sprintf_P
#define sprintf_P sprintf
#endif
#ifndef vsnprintf_P
#define vsnprintf_P vsnprintf
#endif
#ifndef SPI_HAS_TRANSACTION
#define SPI_HAS_TRANSACTION (1)
#endif
