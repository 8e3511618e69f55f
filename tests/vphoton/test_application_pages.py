"""Pages the firmware itself serves on SoftAP: what `softap_set_application_page_handler` promises."""

from __future__ import annotations

import pytest

from .test_softap import dechunk, http

PAGES = """
#include "Particle.h"
#include "softap_http.h"
SYSTEM_MODE(SEMI_AUTOMATIC)

void page(const char* url, ResponseCallback* cb, void* cbArg, Reader* body, Writer* result, void* reserved) {
  if (strncmp(url, "/status/", 8) == 0) {
    cb(cbArg, 0, atoi(url + 8), "text/plain", nullptr);
    result->write("seen");
  } else if (strcmp(url, "/silent") == 0) {
    return;
  } else if (strcmp(url, "/pieces") == 0) {
    uint8_t first[3];
    size_t before = body->bytes_left;
    int got = body->read(first, sizeof first);
    char* rest = body->fetch_as_string();
    Header headers("X-One: 1\\r\\nX-Two: 2\\r\\n");
    cb(cbArg, 0, 200, "text/html", &headers);
    result->write(first, got);
    result->write("|");
    result->write(rest);
    result->write(String::format("|%u|%u", (unsigned)before, (unsigned)body->bytes_left));
    free(rest);
  } else {
    cb(cbArg, 0, 200, "application/x-unknown", nullptr);
    result->write(url);
  }
}
STARTUP(softap_set_application_page_handler(page, nullptr));
STARTUP(System.set(SYSTEM_CONFIG_SOFTAP_PREFIX, "Shade"));
STARTUP(System.set(SYSTEM_CONFIG_SOFTAP_SUFFIX, "A2B3C4"));
void setup() {}
void loop() {}
"""
DYNAMIC = [
    b"Cache-Control: no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
    b"Pragma: no-cache",
    b"Connection: Keep-Alive",
    b"Access-Control-Allow-Origin: *",
    b"Transfer-Encoding: chunked",
]


def split(answer: bytes) -> tuple[list[bytes], list[bytes]]:
    """Header lines, chunks."""
    head, body = answer.split(b"\r\n\r\n", 1)
    chunks, rest = dechunk(body)
    assert rest == b""
    return head.split(b"\r\n"), chunks


@pytest.fixture
def pages(photon, sketch):
    return photon.start("--listening", "--firmware", str(sketch(PAGES)))


def test_everything_that_is_no_command_goes_to_the_handler_with_its_query(pages):
    lines, chunks = split(http(pages, "/wherever?a=1&b=%20"))
    assert lines == [b"HTTP/1.1 200 OK", *DYNAMIC]  # a type the server does not know is not named
    assert chunks == [b"/wherever?a=1&b=%20"]
    assert split(http(pages, "/index"))[1] == [b"/index"]
    assert split(http(pages, "/version"))[1][0] == b"{"
    assert http(pages, "/").startswith(b"HTTP/1.1 301\r\nLocation: /index\r\n")
    assert http(pages, "/hello").endswith(b"Soft AP Setup\0")


def test_body_writes_and_extra_headers(pages):
    lines, chunks = split(http(pages, "/pieces", b"abcdefg"))
    assert lines == [b"HTTP/1.1 200 OK", b"X-One: 1", b"X-Two: 2", b"Content-Type: text/html", *DYNAMIC]
    assert chunks == [b"abc", b"|", b"defg", b"|7|0"]


def test_a_chunked_body_reaches_the_handler_whole(pages):
    head = b"POST /pieces HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = pages.exchange("softap_http", head + b"2\r\nab\r\n5;x=y\r\ncdefg\r\n0\r\n\r\n")
    assert split(answer)[1] == [b"abc", b"|", b"defg", b"|7|0"]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (200, "200 OK"),
        (204, "204 No Content"),
        (207, "207 Multi-Status"),
        (301, "301"),
        (400, "400 Bad Request"),
        (403, "403"),
        (404, "404 Not Found"),
        (405, "405 Method Not Allowed"),
        (406, "406"),
        (412, "412 Precondition Failed"),
        (415, "406"),
        (429, "429 Too Many Requests"),
        (444, "444"),
        (470, "470 Connection Authorization Required"),
        (500, "500 Internal Server Error"),
        (504, "504 Not Able to Connect"),
        (302, "400 Bad Request"),
        (503, "400 Bad Request"),
    ],
)
def test_status_lines(pages, code, line):
    lines, chunks = split(http(pages, f"/status/{code}"))
    assert lines[:2] == [f"HTTP/1.1 {line}".encode(), b"Content-Type: text/plain"]
    assert chunks == [b"seen"]


def test_a_handler_that_never_answers_leaves_an_empty_chunked_body(pages):
    assert http(pages, "/silent") == b"0\r\n\r\n"


def test_a_request_of_a_known_other_type_does_not_reach_the_handler(pages):
    assert http(pages, "/wherever", b"{}", "Content-Type: application/json").startswith(b"HTTP/1.1 404 Not Found\r\n")
    form = "Content-Type: multipart/form-data; boundary=x"
    assert split(http(pages, "/wherever", b"x", form))[1] == [b"/wherever"]


def test_the_default_handler_has_a_404_of_its_own(photon):
    photon.start()
    lines, chunks = split(http(photon, "/nowhere"))
    assert (lines, chunks) == ([b"HTTP/1.1 404 Not Found", *DYNAMIC], [])


def test_the_firmware_names_the_access_point(pages):
    assert pages.status()["softap_ssid"] == "Shade-A2B3C4"
