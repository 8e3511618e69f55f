#include <doctest/doctest.h>

#include "faces/softap/flat_json.h"
#include "faces/softap/http_request.h"
#include "faces/softap/tcp_request.h"

using namespace vphoton;

TEST_CASE("a TCP request split at every byte") {
  std::string text = "configure-ap\n11\nsome line\nanother\n\n{\"idx\":123}";
  for (size_t split = 0; split <= text.size(); ++split) {
    CAPTURE(split);
    TcpRequest request;
    request.feed(text.substr(0, split));
    CHECK((request.state() == TcpRequest::State::Complete) == (split == text.size()));
    CHECK(request.feed(text.substr(split)) == TcpRequest::State::Complete);
    CHECK(request.command() == "configure-ap");
    CHECK(request.body() == "{\"idx\":123}");
  }
}

TEST_CASE("TCP framing rules") {
  TcpRequest request;
  SUBCASE("no body") {
    CHECK(request.feed("device-id\n0\n\n") == TcpRequest::State::Complete);
    CHECK(request.body() == "");
  }
  SUBCASE("without the empty line it waits for ever") {
    CHECK(request.feed("device-id\n0\n") == TcpRequest::State::Incomplete);
    CHECK(request.feed("x\n") == TcpRequest::State::Incomplete);
  }
  SUBCASE("the command may end with NUL") {
    CHECK(request.feed(std::string("version\0000\n\n", 11)) == TcpRequest::State::Complete);
    CHECK(request.command() == "version");
  }
  SUBCASE("a CR belongs to the command") {
    CHECK(request.feed("version\r\n0\n\n") == TcpRequest::State::Complete);
    CHECK(request.command() == "version\r");
  }
  SUBCASE("a CR spoils the length") {
    CHECK(request.feed("set\n0\r\n\n{}") == TcpRequest::State::Complete);
    CHECK(request.body() == "");
  }
  SUBCASE("length counts bytes") {
    CHECK(request.feed("set\n2\n\n\xC3\xA9more") == TcpRequest::State::Complete);
    CHECK(request.body() == "\xC3\xA9");
  }
  SUBCASE("a command of 31 characters") { CHECK(request.feed(std::string(31, 'x')) == TcpRequest::State::Unusable); }
}

TEST_CASE("HTTP rules") {
  HttpRequest request;
  SUBCASE("the method does not matter, the query is cut off") {
    for (const char* method : {"GET", "POST", "PUT"}) {
      HttpRequest each;
      CHECK(each.feed(std::string(method) + " /version?x=1 HTTP/1.1\r\n\r\n") == HttpRequest::State::Complete);
      CHECK(each.path() == "/version");
    }
  }
  SUBCASE("other methods, other versions, a header in two segments: no reply") {
    for (const char* text : {"DELETE /version HTTP/1.1\r\n\r\n", "GET /version HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\n",
                             "garbage garbage garbage\r\n\r\n", "GET /"}) {
      HttpRequest each;
      CHECK(each.feed(text) == HttpRequest::State::Unusable);
    }
  }
  SUBCASE("the body comes in any pieces") {
    std::string body = "{\"k\":\"cc\",\"v\":\"code\"}";
    std::string header = "POST /set HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    for (size_t split = 0; split <= body.size(); ++split) {
      HttpRequest each;
      each.feed(header + body.substr(0, split));
      CHECK((each.state() == HttpRequest::State::Complete) == (split == body.size()));
      CHECK(each.feed(body.substr(split)) == HttpRequest::State::Complete);
      CHECK(each.body() == body);
    }
  }
  SUBCASE("lower-case header names do not count") {
    CHECK(request.feed("POST /set HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello") == HttpRequest::State::Complete);
    CHECK(request.body() == "");
  }
  SUBCASE("the content type trap") {
    CHECK(request.feed("POST /set HTTP/1.1\r\nContent-Type: application/json; charset=utf-8\r\n\r\n") ==
          HttpRequest::State::Complete);
    CHECK(request.content_type() == "application/json");
    CHECK_FALSE(http_type_accepted("application/json", "application/octet-stream"));
    CHECK_FALSE(http_type_accepted("text/plain", "application/octet-stream"));
    CHECK(http_type_accepted("", "application/octet-stream"));
    CHECK(http_type_accepted("application/octet-stream", "application/octet-stream"));
    CHECK(http_type_accepted("application/x-www-form-urlencoded", "application/octet-stream"));
    CHECK(http_type_accepted("multipart/form-data", "application/octet-stream"));
  }
  SUBCASE("a body nobody could hold") {
    CHECK(request.feed("POST /set HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n") == HttpRequest::State::Unusable);
  }
}

TEST_CASE("flat JSON keeps escapes and refuses everything else") {
  auto members = parse_flat_object(" {\"ssid\" : \"a\\\"b\\u00e9\", \"ch\":-6 } trailing");
  REQUIRE(members);
  REQUIRE(members->size() == 2);
  CHECK((*members)[0].value == "a\\\"b\\u00e9");
  CHECK((*members)[0].is_text);
  CHECK((*members)[1].value == "-6");
  CHECK_FALSE((*members)[1].is_text);
  CHECK(parse_flat_object("{}")->empty());
  for (const char* text : {"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":\"x", "{\"a\":[1]}", "{\"a\":{}}", "[1]",
                           "{\"a\":\"\\x\"}", "{\"a\":\"\\u12G4\"}", "{a:1}", "{\"a\":1,}", "null"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_flat_object(text));
  }
}
