#include <doctest/doctest.h>

#include <climits>
#include <string>

#include "application.h"

namespace {
std::string text(const String& s) { return std::string(s.c_str(), s.length()); }
}  // namespace

TEST_CASE("String is made of text and numbers") {
  CHECK(text(String()) == "");
  CHECK(text(String(static_cast<const char*>(nullptr))) == "");
  CHECK(text(String("abcdef", 3)) == "abc");
  CHECK(text(String('x')) == "x");
  CHECK(text(String(-17)) == "-17");
  CHECK(text(String::format("%lld", LLONG_MIN)) == "-9223372036854775808");
  CHECK(text(String(255, HEX)) == "ff");
  CHECK(text(String(static_cast<unsigned char>(5), BIN)) == "101");
  CHECK(text(String(1.5, 2)) == "1.50");
  CHECK(text(String(2.0f)) == "2.000000");
  CHECK(text(String::format("%d/%s", 7, "x")) == "7/x");
}

TEST_CASE("String grows, also by itself") {
  String s("ab");
  s += 'c';
  s += 1;
  s += "xy";
  CHECK(text(s) == "abc1xy");
  s += s;
  CHECK(text(s) == "abc1xyabc1xy");
  s = s.c_str() + 6;
  CHECK(text(s) == "abc1xy");
  const String& same = s;
  s = same;
  CHECK(text(s) == "abc1xy");
  CHECK(text(String("a") + 1 + "b" + 'c' + String("d")) == "a1bcd");
  CHECK(text("a" + String("b")) == "ab");
}

TEST_CASE("String moves and copies") {
  String a("hello");
  String b(static_cast<String&&>(a));
  CHECK(text(b) == "hello");
  CHECK(text(a) == "");
  a = b;
  b.setCharAt(0, 'J');
  CHECK(text(a) == "hello");
  CHECK(text(b) == "Jello");
}

TEST_CASE("String compares") {
  CHECK(String("abc") == "abc");
  CHECK(String("abc") != String("abd"));
  CHECK(String("abc") < String("abd"));
  CHECK(String("ab") < String("abc"));
  CHECK(String("ABC").equalsIgnoreCase("abc"));
  CHECK(String("spark/x").startsWith("spark"));
  CHECK(String("spark/x").startsWith("x", 6));
  CHECK_FALSE(String("sp").startsWith("spark"));
  CHECK(String("firmware.bin").endsWith(".bin"));
}

TEST_CASE("String finds") {
  String s("a,b,c");
  CHECK(s.indexOf(',') == 1);
  CHECK(s.indexOf(',', 2) == 3);
  CHECK(s.indexOf("b,") == 2);
  CHECK(s.indexOf('z') == -1);
  CHECK(s.indexOf(',', 99) == -1);
  CHECK(s.lastIndexOf(',') == 3);
  CHECK(s.lastIndexOf(',', 2) == 1);
  CHECK(s.lastIndexOf("b") == 2);
  CHECK(String().lastIndexOf('a') == -1);
}

TEST_CASE("String is cut, replaced and trimmed") {
  String s("hello");
  CHECK(text(s.substring(1, 3)) == "el");
  CHECK(text(s.substring(3, 1)) == "el");
  CHECK(text(s.substring(2)) == "llo");
  CHECK(text(s.substring(2, 99)) == "llo");
  CHECK(text(s.substring(9)) == "");
  CHECK(text(String("aXbX").replace("X", "--")) == "a--b--");
  CHECK(text(String("aXb").replace('X', '.')) == "a.b");
  CHECK(text(String("hello").remove(1, 3)) == "ho");
  CHECK(text(String("hello").remove(2)) == "he");
  CHECK(text(String("  x y \r\n").trim()) == "x y");
  CHECK(text(String("   ").trim()) == "");
  CHECK(text(String("aB").toUpperCase()) == "AB");
  CHECK(text(String("aB").toLowerCase()) == "ab");
}

TEST_CASE("String reads numbers and single characters") {
  CHECK(String("42abc").toInt() == 42);
  CHECK(String("-7").toInt() == -7);
  CHECK(String("abc").toInt() == 0);
  CHECK(String("1.5").toFloat() == doctest::Approx(1.5));
  String s("abc");
  CHECK(s[1] == 'b');
  CHECK(s.charAt(9) == '\0');
  s[0] = 'X';
  s[9] = 'Y';
  CHECK(text(s) == "Xbc");
  char buffer[3];
  s.toCharArray(buffer, sizeof buffer);
  CHECK(std::string(buffer) == "Xb");
  s.toCharArray(buffer, sizeof buffer, 7);
  CHECK(std::string(buffer) == "");
}
