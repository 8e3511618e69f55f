"""TCP and UDP of an application: real sockets, which reach loopback and what the command line allows."""

from __future__ import annotations

import re
import socket

import pytest

from ...patience import PATIENCE, wait_for
from ..conftest import Photon, Serial
from .conftest import Compile

WIFI = ("--wifi", "photonrig:photonrig-lab")
# Commands are lines; each answer is one, too.
ASKED = """
SYSTEM_MODE(SEMI_AUTOMATIC)
SYSTEM_THREAD(ENABLED)
%s
String command(String line);
void setup() {
  Serial.begin(9600);
  Serial.setTimeout(100);
  WiFi.connect();
}
void loop() {
  if (!WiFi.ready() || !Serial.available()) return;
  String line = Serial.readStringUntil('\\n');
  Serial.println(command(line));
}
"""
CLIENT = """
TCPClient client;
String command(String line) {
  if (line.startsWith("connect ")) return String(client.connect(IPAddress(127, 0, 0, 1), line.substring(8).toInt()));
  if (line.startsWith("name ")) return String(client.connect("localhost", line.substring(5).toInt()));
  if (line.startsWith("address ")) {
    int a, b, c, d;
    sscanf(line.c_str() + 8, "%d.%d.%d.%d", &a, &b, &c, &d);
    return String(client.connect(IPAddress(a, b, c, d), 9));
  }
  if (line.startsWith("write ")) return String(client.print(line.substring(6)));
  if (line == "read") { String got; while (client.available()) got += char(client.read()); return "[" + got + "]"; }
  if (line == "connected") return String(client.connected());
  if (line == "who") return String(client.remoteIP());
  if (line == "stop") { client.stop(); return "stopped"; }
  return "?";
}
"""


def ask(serial: Serial, line: str) -> str:
    return serial.ask(line.encode() + b"\n", b"\r\n").decode().strip()


@pytest.fixture
def listener() -> socket.socket:
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(PATIENCE)
    return made


def test_a_client_connects_talks_and_sees_the_end(photon: Photon, sketch: Compile, listener: socket.socket) -> None:
    photon.start("--firmware", str(sketch(ASKED % CLIENT).module), *WIFI)
    with photon.serial() as serial, listener:
        port = listener.getsockname()[1]
        assert ask(serial, "connected") == "0"
        assert ask(serial, f"connect {port}") == "1"
        link, _ = listener.accept()
        link.settimeout(PATIENCE)
        assert ask(serial, "who") == "127.0.0.1"
        assert ask(serial, "write hello") == "5"
        assert link.recv(100) == b"hello"
        text = "x" * 500  # more than the client's buffer holds
        link.sendall(text.encode())
        got = ""

        def all_came() -> bool:
            nonlocal got
            got += ask(serial, "read")[1:-1]
            return len(got) >= len(text)

        wait_for("500 bytes", all_came)
        assert got == text
        link.sendall(b"last")
        link.close()
        wait_for("the last bytes", lambda: ask(serial, "read") == "[last]")
        wait_for("the end", lambda: ask(serial, "connected") == "0")
        assert ask(serial, "write more") == "0"
        assert ask(serial, f"name {port}") == "1"  # by name, and a second time
        listener.accept()[0].close()
        assert ask(serial, "stop") == "stopped"


def test_what_is_not_allowed_is_refused_with_a_line(photon: Photon, sketch: Compile) -> None:
    """192.0.2.0/24 and .example are set aside for documentation: nothing is there, and nothing may be tried."""
    program = ASKED % CLIENT.replace('"localhost"', '"photons.example"')
    photon.start("--firmware", str(sketch(program).module), *WIFI)
    with photon.serial() as serial:
        assert ask(serial, "address 192.0.2.1") == "0"
        assert ask(serial, "name 80") == "0"
    _, _, errors = photon.stop()
    assert "may not connect to 192.0.2.1:9; --allow-host names" in errors
    assert "asks for the address of photons.example; --allow-host names" in errors


def test_nothing_listens_and_no_network(photon: Photon, sketch: Compile) -> None:
    photon.start("--firmware", str(sketch(ASKED % CLIENT).module), *WIFI)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with photon.serial() as serial:
        assert ask(serial, f"connect {port}") == "0"


SERVER = """
TCPServer server(%d);
TCPClient client;
String command(String line) {
  if (line == "begin") return String(server.begin());
  if (line == "accept") { client = server.available(); return String(client.connected()); }
  if (line == "echo") {
    String got;
    while (client.available()) got += char(client.read());
    client.write(got.c_str());
    return "[" + got + "]";
  }
  if (line == "who") return String(client.remoteIP());
  if (line == "all") return String(server.print("to the last"));
  if (line == "stop") { client.stop(); server.stop(); return "stopped"; }
  return "?";
}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_a_server_takes_connections(photon: Photon, sketch: Compile) -> None:
    port = free_port()
    photon.start("--firmware", str(sketch(ASKED % (SERVER % port)).module), *WIFI)
    with photon.serial() as serial:
        assert ask(serial, "begin") == "1"
        assert ask(serial, "accept") == "0"
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as link:
            wait_for("the connection", lambda: ask(serial, "accept") == "1")
            assert ask(serial, "who") == "127.0.0.1"
            link.sendall(b"hello")
            wait_for("the echo", lambda: ask(serial, "echo") == "[hello]")
            assert link.recv(100) == b"hello"
            assert ask(serial, "all") == "11"
            assert link.recv(100) == b"to the last"
            assert ask(serial, "stop") == "stopped"
            assert link.recv(100) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def test_a_port_that_is_taken_becomes_another(photon: Photon, sketch: Compile) -> None:
    """As of two devices on one host, which both serve the same port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        photon.start("--firmware", str(sketch(ASKED % (SERVER % port)).module), *WIFI)
        with photon.serial() as serial:
            assert ask(serial, "begin") == "1"
        _, _, errors = photon.stop()
    other = re.search(rf"port {port} is not to be had here; 127\.0\.0\.1:(\d+) takes its place", errors)
    assert other and int(other[1]) != port


DATAGRAMS = """
UDP udp;
String command(String line) {
  if (line.startsWith("begin ")) return String(udp.begin(line.substring(6).toInt()));
  if (line.startsWith("send "))
    return String(udp.sendPacket("hello", 5, IPAddress(127, 0, 0, 1), line.substring(5).toInt()));
  if (line.startsWith("outside ")) {
    udp.beginPacket(IPAddress(192, 0, 2, 1), 9);
    udp.print("x");
    return String(udp.endPacket());
  }
  if (line.startsWith("answer ")) {
    udp.beginPacket(udp.remoteIP(), udp.remotePort());
    udp.print(line.substring(7));
    return String(udp.endPacket());
  }
  if (line == "receive") {
    int size = udp.parsePacket(50);
    String got;
    while (udp.available()) got += char(udp.read());
    return String::format("%d %s ", size, got.c_str()) + String(udp.remoteIP());
  }
  return "?";
}
"""


def test_datagrams_in_both_directions(photon: Photon, sketch: Compile) -> None:
    photon.start("--firmware", str(sketch(ASKED % DATAGRAMS).module), *WIFI)
    port = free_port()
    with photon.serial() as serial, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(PATIENCE)
        assert ask(serial, f"begin {port}") == "1"
        assert ask(serial, "receive").startswith("0 ")
        assert ask(serial, f"send {other.getsockname()[1]}") == "5"
        assert other.recvfrom(100) == (b"hello", ("127.0.0.1", port))
        other.sendto(b"one", ("127.0.0.1", port))
        other.sendto(b"two", ("127.0.0.1", port))
        wait_for("the first", lambda: ask(serial, "receive") == "3 one 127.0.0.1")
        wait_for("the second", lambda: ask(serial, "receive") == "3 two 127.0.0.1")
        assert ask(serial, "answer 42") == "2"
        assert other.recv(100) == b"42"
        assert ask(serial, "outside now") == "-1"
    _, _, errors = photon.stop()
    assert "may not send to 192.0.2.1:9" in errors


def test_a_host_that_is_not_known_is_a_usage_error(photon: Photon) -> None:
    with pytest.raises(AssertionError, match="--allow-host needs a name or an IPv4 address that is known"):
        photon.start("--allow-host", "")


def test_a_thread_waits_for_bytes_while_the_application_goes_on(
    photon: Photon, sketch: Compile, listener: socket.socket
) -> None:
    program = """
    volatile int got = -2, loops = 0;
    int target = 0;
    void receive(void*) {
      sock_handle_t handle = socket_create(AF_INET, SOCK_STREAM, IPPROTO_TCP, 0, 0);
      sockaddr_t to = {AF_INET, {uint8_t(target >> 8), uint8_t(target), 127, 0, 0, 1}};
      char text[20];
      if (socket_connect(handle, &to, sizeof to) == 0) got = socket_receive(handle, text, sizeof text, 0xFFFFFFFF);
      socket_close(handle);
      os_thread_exit(nullptr);
    }
    String command(String line) {
      if (line == "got") return String(got);
      target = line.toInt();
      new Thread("receiver", receive);
      return "started";
    }
    """
    photon.start("--firmware", str(sketch(ASKED % program).module), *WIFI)
    with photon.serial() as serial, listener:
        assert ask(serial, str(listener.getsockname()[1])) == "started"
        link, _ = listener.accept()
        assert [ask(serial, "got") for _ in range(3)] == ["-2"] * 3
        link.sendall(b"seven!!")
        wait_for("the bytes", lambda: ask(serial, "got") == "7")
        link.close()
