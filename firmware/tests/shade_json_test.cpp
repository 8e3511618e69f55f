// Texts in JSON: UTF-8 as it is, and whatever else as something that parses.
#include <doctest/doctest.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "shade/json_writer.h"
#include "shade_fakes.h"

namespace {

std::string written(const std::string& text, size_t size = 200) {
  char out[200];
  shade::JsonWriter json(out, size);
  json.text("t", text.c_str(), text.size());
  return out;
}

}  // namespace

TEST_CASE("json: what is UTF-8 stays what it is") {
  for (const char* text : {"Küche", "Salón 2", "キッチン", "🏠 home", "\u00A0", "\uFFFD", "\U0010FFFF", "߿ࠀ", "\u0080",
                           "\uD7FF", "\uE000", "\U00010000", "\U000FFFFF"})
    CHECK(written(text) == std::string("{\"t\":\"") + text + "\"}");
}

TEST_CASE("json: bytes that are none are escaped, one by one") {
  CHECK(written("a\xC3") == R"({"t":"a\u00c3"})");
  CHECK(written("\xC0\x80") == R"({"t":"\u00c0\u0080"})");
  CHECK(written("\xE0\x80\x80") == R"({"t":"\u00e0\u0080\u0080"})");
  CHECK(written("\xED\xA0\x80") == R"({"t":"\u00ed\u00a0\u0080"})");
  CHECK(written("\xF0\x8F\xBF\xBF") == R"({"t":"\u00f0\u008f\u00bf\u00bf"})");
  CHECK(written("\xF4\x90\x80\x80") == R"({"t":"\u00f4\u0090\u0080\u0080"})");
  CHECK(written("\xF5\x80\x80\x80") == R"({"t":"\u00f5\u0080\u0080\u0080"})");
  CHECK(written("P\x80\x80\x80") == R"({"t":"P\u0080\u0080\u0080"})");
  CHECK(written("\xC1\xBF") == R"({"t":"\u00c1\u00bf"})");
  CHECK(written("\xE0\x9F\xBF") == R"({"t":"\u00e0\u009f\u00bf"})");
  CHECK(written("\xC2\x7F") == R"({"t":"\u00c2\u007f"})");
  CHECK(written("\xC2\xC0") == R"({"t":"\u00c2\u00c0"})");
  CHECK(written("\x1F\x20~\x7F") == R"({"t":"\u001f ~\u007f"})");
  CHECK(written("\xE2\x82x") == R"({"t":"\u00e2\u0082x"})");
  CHECK(written("\xFF\x01\"") == R"({"t":"\u00ff\u0001\""})");
}

TEST_CASE("json: what does not fit is left out whole") {
  for (size_t size = 3; size < 20; ++size) {
    std::string out = written("Küche", size);
    CHECK((out == "{}" || out == "{\"t\":\"Küche\"}"));
  }
}

TEST_CASE("json: numbers of every size, members of another object, and whether all was written") {
  char out[120];
  shade::JsonWriter json(out, sizeof out);
  CHECK(std::string(json.c_str()) == "{}");
  json.number("a", INT32_MIN).count("b", UINT32_MAX).flag("c", true).flag("d", false).raw("e", "[1]");
  json.members("{}").members(R"({"f":2,"g":3})");
  CHECK(std::string(out) == R"({"a":-2147483648,"b":4294967295,"c":true,"d":false,"e":[1],"f":2,"g":3})");
  CHECK(json.complete());
  shade::JsonWriter first(out, sizeof out);
  first.members(R"({"f":2})");
  CHECK(std::string(out) == R"({"f":2})");
  // Room for 10 characters and the end of the text.
  char small[11];
  shade::JsonWriter full(small, sizeof small);
  full.number("a", 1234);
  CHECK(std::string(small) == R"({"a":1234})");
  CHECK(full.complete());
  full.number("b", 1);
  CHECK(std::string(small) == R"({"a":1234})");
  CHECK_FALSE(full.complete());
  shade::JsonWriter over(small, sizeof small);
  over.number("a", 12345);
  CHECK(std::string(small) == "{}");
  over.members(R"({"f":12345})");
  CHECK(std::string(small) == "{}");
  shade::JsonWriter exact(small, sizeof small);
  exact.members(R"({"f":1234})");
  CHECK(std::string(small) == R"({"f":1234})");
  CHECK(exact.complete());
  over = shade::JsonWriter(small, sizeof small);
  over.text("t", "123456");
  CHECK(std::string(small) == "{}");
  over.text("t", "12");
  CHECK(std::string(small) == R"({"t":"12"})");
}

TEST_CASE("a site's name reads back as it was given") {
  fakes::Rig rig;
  fakes::Port port;
  shade::Console console(port, rig.controller, rig.board);
  rig.start();
  REQUIRE(rig.controller.name_site("Küche"));
  port.type("status\n");
  console.poll();
  CHECK(port.out.back().find("\"site\":\"Küche\"") != std::string::npos);
}
