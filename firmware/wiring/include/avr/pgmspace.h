// AVR's words for what lies in flash, on values of any type.
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#ifndef PROGMEM
#define PROGMEM
#endif
#ifndef PSTR
#define PSTR(str) (str)
#endif
#ifndef PGM_P
#define PGM_P const char*
#endif
#undef memchr_P
#define memchr_P(s, c, n) memchr((s), (c), (n))
#undef memcmp_P
#define memcmp_P(a, b, n) memcmp((a), (b), (n))
#undef memccpy_P
#define memccpy_P(to, from, c, n) memccpy((to), (from), (c), (n))
#undef memcpy_P
#define memcpy_P(to, from, n) memcpy((to), (from), (n))
#undef memmem_P
#define memmem_P(text, length, part, part_length) memmem((text), (length), (part), (part_length))
#undef memrchr_P
#define memrchr_P(s, c, n) memrchr((s), (c), (n))
#undef strcat_P
#define strcat_P(to, from) strcat((to), (from))
#undef strchr_P
#define strchr_P(s, c) strchr((s), (c))
#undef strchrnul_P
#define strchrnul_P(s, c) strchrnul((s), (c))
#undef strcmp_P
#define strcmp_P(a, b) strcmp((a), (b))
#undef strcpy_P
#define strcpy_P(to, from) strcpy((to), (from))
#undef strcasecmp_P
#define strcasecmp_P(a, b) strcasecmp((a), (b))
#undef strcasestr_P
#define strcasestr_P(text, part) strcasestr((text), (part))
#undef strcspn_P
#define strcspn_P(s, set) strcspn((s), (set))
#undef strlcat_P
#define strlcat_P(to, from, n) strlcat((to), (from), (n))
#undef strlcpy_P
#define strlcpy_P(to, from, n) strlcpy((to), (from), (n))
#undef strlen_P
#define strlen_P(s) strlen((s))
#undef strnlen_P
#define strnlen_P(s, n) strnlen((s), (n))
#undef strncmp_P
#define strncmp_P(a, b, n) strncmp((a), (b), (n))
#undef strncasecmp_P
#define strncasecmp_P(a, b, n) strncasecmp((a), (b), (n))
#undef strncat_P
#define strncat_P(to, from, n) strncat((to), (from), (n))
#undef strncpy_P
#define strncpy_P(to, from, n) strncpy((to), (from), (n))
#undef strpbrk_P
#define strpbrk_P(s, set) strpbrk((s), (set))
#undef strrchr_P
#define strrchr_P(s, c) strrchr((s), (c))
#undef strsep_P
#define strsep_P(s, set) strsep((s), (set))
#undef strspn_P
#define strspn_P(s, set) strspn((s), (set))
#undef strstr_P
#define strstr_P(text, part) strstr((text), (part))
#undef strtok_P
#define strtok_P(s, set) strtok((s), (set))
#undef sprintf_P
#define sprintf_P(to, ...) sprintf((to), __VA_ARGS__)
#undef snprintf_P
#define snprintf_P(to, n, ...) snprintf((to), (n), __VA_ARGS__)
#undef pgm_read_byte
#define pgm_read_byte(at) (*(const unsigned char*)(at))
#undef pgm_read_word
#define pgm_read_word(at) (*(const unsigned short*)(at))
#undef pgm_read_dword
#define pgm_read_dword(at) (*(const unsigned long*)(at))
#undef pgm_read_float
#define pgm_read_float(at) (*(const float*)(at))
#undef pgm_read_ptr
#define pgm_read_ptr(at) (*(void* const*)(at))
#undef pgm_read_byte_near
#define pgm_read_byte_near(at) pgm_read_byte(at)
#undef pgm_read_word_near
#define pgm_read_word_near(at) pgm_read_word(at)
#undef pgm_read_dword_near
#define pgm_read_dword_near(at) pgm_read_dword(at)
#undef pgm_read_float_near
#define pgm_read_float_near(at) pgm_read_float(at)
#undef pgm_read_ptr_near
#define pgm_read_ptr_near(at) pgm_read_ptr(at)
#undef pgm_read_byte_far
#define pgm_read_byte_far(at) pgm_read_byte(at)
#undef pgm_read_word_far
#define pgm_read_word_far(at) pgm_read_word(at)
#undef pgm_read_dword_far
#define pgm_read_dword_far(at) pgm_read_dword(at)
#undef pgm_read_float_far
#define pgm_read_float_far(at) pgm_read_float(at)
#undef pgm_read_ptr_far
#define pgm_read_ptr_far(at) pgm_read_ptr(at)
#undef pgm_get_far_address
#define pgm_get_far_address(at) (&(at))
