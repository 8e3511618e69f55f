#include "system/format.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "system/services/panic.h"

namespace vphoton::system {
namespace {

constexpr int kMost = 64 * 1024;  // characters of one conversion: more than the application's RAM holds as text

// One conversion: everything between % and its letter.
struct Conversion {
  std::string flags;
  int width = -1;
  int precision = -1;
  int size = 0;  // -2 hh, -1 h, 1 l, 2 ll
  char kind = 0;
};

std::string spec(const Conversion& conversion, const char* size) {
  std::string text = "%" + conversion.flags;
  if (conversion.width >= 0) text += std::to_string(conversion.width);
  if (conversion.precision >= 0) text += "." + std::to_string(conversion.precision);
  return text + size + conversion.kind;
}

template <typename T>
std::string print(const std::string& spec, T value) {
  char few[128];
  int length = snprintf(few, sizeof few, spec.c_str(), value);
  if (length < static_cast<int>(sizeof few)) return std::string(few, length > 0 ? static_cast<size_t>(length) : 0);
  std::string text(static_cast<size_t>(length) + 1, '\0');
  snprintf(text.data(), text.size(), spec.c_str(), value);
  text.pop_back();
  return text;
}

int number(const std::string& format, size_t& at) {
  int value = 0;
  while (at < format.size() && isdigit(static_cast<unsigned char>(format[at])))
    value = value < kMost ? value * 10 + (format[at++] - '0') : (++at, kMost);
  return value;
}

int read_size(const std::string& format, size_t& at) {
  int size = 0;
  for (; at < format.size() && strchr("hlzjtL", format[at]) && format[at]; ++at) {
    if (format[at] == 'h') --size;
    if (format[at] == 'l') ++size;
    if (format[at] == 'j' || format[at] == 'L') size = 2;
  }
  return size;
}

int64_t signed_value(Varargs& arguments, int size) {
  if (size >= 2) return static_cast<int64_t>(arguments.two_words());
  const uint32_t word = arguments.word();
  if (size == -1) return static_cast<int16_t>(word);
  if (size <= -2) return static_cast<int8_t>(word);
  return static_cast<int32_t>(word);
}

uint64_t unsigned_value(Varargs& arguments, int size) {
  if (size >= 2) return arguments.two_words();
  const uint32_t word = arguments.word();
  if (size == -1) return static_cast<uint16_t>(word);
  return size <= -2 ? static_cast<uint8_t>(word) : word;
}

std::string text_of(Application& application, const Conversion& conversion, Varargs& arguments) {
  const uint32_t address = arguments.word();
  if (address == 0) return "(null)";
  return conversion.precision >= 0 ? application.text(address, static_cast<uint32_t>(conversion.precision))
                                   : application.text(address);
}

void store(Application& application, uint32_t address, int size, uint64_t value) {
  if (size >= 2)
    application.put<uint64_t>(address, value);
  else if (size == -1)
    application.put<uint16_t>(address, static_cast<uint16_t>(value));
  else if (size <= -2)
    application.put<uint8_t>(address, static_cast<uint8_t>(value));
  else
    application.put<uint32_t>(address, static_cast<uint32_t>(value));
}

// %[...]: the characters it takes; `at` is behind the bracket and goes behind the other.
std::string scan_set(const std::string& format, size_t& at, bool& inverted) {
  inverted = at < format.size() && format[at] == '^';
  if (inverted) ++at;
  std::string set;
  for (bool first = true; at < format.size() && (first || format[at] != ']'); first = false) {
    if (format[at] == '-' && !set.empty() && at + 1 < format.size() && format[at + 1] != ']') {
      for (int c = static_cast<unsigned char>(set.back()) + 1; c <= static_cast<unsigned char>(format[at + 1]); ++c)
        set += static_cast<char>(c);
      at += 2;
    } else {
      set += format[at++];
    }
  }
  if (at < format.size()) ++at;
  return set;
}

}  // namespace

std::string formatted(Application& application, const std::string& format, Varargs arguments) {
  std::string out;
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    const size_t begin = at++;
    Conversion conversion;
    while (at < format.size() && strchr("-+ 0#'", format[at]) && format[at]) conversion.flags += format[at++];
    if (at < format.size() && format[at] == '*') {
      ++at;
      conversion.width = static_cast<int32_t>(arguments.word());
      if (conversion.width < 0) conversion.flags += '-';
      conversion.width = std::min(std::abs(conversion.width), kMost);
    } else if (at < format.size() && isdigit(static_cast<unsigned char>(format[at]))) {
      conversion.width = number(format, at);
    }
    if (at < format.size() && format[at] == '.') {
      ++at;
      if (at < format.size() && format[at] == '*') {
        ++at;
        conversion.precision = std::min(static_cast<int32_t>(arguments.word()), kMost);
      } else {
        conversion.precision = number(format, at);
      }
    }
    conversion.size = read_size(format, at);
    conversion.kind = at < format.size() ? format[at++] : '\0';
    switch (conversion.kind) {
      case 'd':
      case 'i':
        out += print(spec(conversion, "ll"), static_cast<long long>(signed_value(arguments, conversion.size)));
        break;
      case 'u':
      case 'x':
      case 'X':
      case 'o':
        out +=
            print(spec(conversion, "ll"), static_cast<unsigned long long>(unsigned_value(arguments, conversion.size)));
        break;
      case 'c':
        out += print(spec(conversion, ""), static_cast<int>(arguments.word()));
        break;
      case 's': {
        std::string text = text_of(application, conversion, arguments);
        out += print(spec(conversion, ""), text.c_str());
        break;
      }
      case 'p':
        conversion.kind = 'x';
        out += "0x" + print(spec(conversion, ""), arguments.word());
        break;
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
      case 'a':
      case 'A':
        out += print(spec(conversion, ""), arguments.number());
        break;
      case 'n':
        store(application, arguments.word(), conversion.size, out.size());
        break;
      case '%':
        out += '%';
        break;
      default:  // newlib prints what it does not know
        out += format.substr(begin, at - begin);
    }
  }
  return out;
}

int scanned(Application& application, const std::string& text, const std::string& format, Varargs arguments) {
  size_t in = 0;
  int stored = 0;
  auto skip_space = [&] {
    while (in < text.size() && isspace(static_cast<unsigned char>(text[in]))) ++in;
  };
  for (size_t at = 0; at < format.size();) {
    const char c = format[at++];
    if (isspace(static_cast<unsigned char>(c))) {
      skip_space();
      continue;
    }
    if (c != '%' || (at < format.size() && format[at] == '%')) {
      if (c == '%') ++at, skip_space();
      if (in >= text.size()) return stored ? stored : -1;
      if (text[in] != c) return stored;
      ++in;
      continue;
    }
    const bool dropped = at < format.size() && format[at] == '*';
    if (dropped) ++at;
    size_t width = static_cast<size_t>(number(format, at));
    const int size = read_size(format, at);
    const char kind = at < format.size() ? format[at++] : '\0';
    if (kind == 'n') {
      if (!dropped) store(application, arguments.word(), size, in);
      continue;
    }
    if (kind != 'c' && kind != '[') skip_space();
    bool inverted = false;
    const std::string set = kind == '[' ? scan_set(format, at, inverted) : "";
    if (in >= text.size()) return stored ? stored : -1;
    std::string piece = text.substr(in, width ? width : std::string::npos);
    char* end = piece.data();
    if (strchr("diuxXop", kind) && kind) {
      const int base = kind == 'x' || kind == 'X' || kind == 'p' ? 16 : kind == 'o' ? 8 : kind == 'i' ? 0 : 10;
      const bool negative = kind == 'd' || kind == 'i';
      const uint64_t value = negative ? static_cast<uint64_t>(strtoll(piece.data(), &end, base))
                                      : static_cast<uint64_t>(strtoull(piece.data(), &end, base));
      if (end == piece.data()) return stored;
      if (!dropped) store(application, arguments.word(), size, value);
    } else if (strchr("eEfgGaA", kind) && kind) {
      const double value = strtod(piece.data(), &end);
      if (end == piece.data()) return stored;
      if (!dropped && size >= 1) application.put<double>(arguments.word(), value);
      if (!dropped && size < 1) application.put<float>(arguments.word(), static_cast<float>(value));
    } else if (kind == 'c' || kind == 's' || kind == '[') {
      size_t length = 0;
      if (kind == 'c') {
        length = width ? width : 1;
        if (length > piece.size()) return stored ? stored : -1;
      }
      auto wanted = [&](char each) {
        return kind == 's' ? !isspace(static_cast<unsigned char>(each)) : (set.find(each) == set.npos) == inverted;
      };
      while (kind != 'c' && length < piece.size() && wanted(piece[length])) ++length;
      if (length == 0) return stored;
      if (!dropped)
        application.write(arguments.word(), piece.substr(0, length) + (kind == 'c' ? "" : std::string(1, 0)));
      end = piece.data() + length;
    } else {
      return stored;
    }
    in += static_cast<size_t>(end - piece.data());
    if (!dropped) ++stored;
  }
  return stored;
}

}  // namespace vphoton::system
