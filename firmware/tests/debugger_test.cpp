// A debugger's hold on a machine, as a client of GDB's remote protocol sees it.
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/hex.h"
#include "debug/debugger.h"
#include "machine/bench.h"

using namespace vphoton;
using namespace vphoton::machine;
using vphoton::debug::Debugger;
using vphoton::debug::packet;
using vphoton::debug::PacketReader;

namespace {

// movs r0, #1; movs r1, #2; adds r0, r0, r1; str r0, [r2]; ldr r3, [r2]; b .
constexpr std::initializer_list<uint16_t> kProgram = {0x2001, 0x2102, 0x1840, 0x6010, 0x6813, 0xE7FE};
constexpr uint32_t kStore = kCode + 6, kLoad = kCode + 8, kLoop = kCode + 10;

struct Session : debug::DebuggerHost, debug::Program {
  explicit Session(std::initializer_list<uint16_t> code = kProgram, bool called = true) : bench(code), debugger(*this) {
    bench.r(2) = kRamBase;
    if (called) REQUIRE_FALSE(bench.processor.call(kCode | 1, {}));
    debugger.enter(*this);
  }

  void send(const std::string& bytes) override { sent += bytes; }
  void reset_wanted() override { ++resets; }
  void released() override { ++releases; }
  Processor& processor() override { return bench.processor; }
  std::string activity() const override { return doing; }

  // The payloads sent since the last look.
  std::vector<std::string> heard() {
    PacketReader reader;
    reader.feed(std::exchange(sent, ""));
    std::vector<std::string> payloads;
    for (std::string payload; true;) {
      const auto item = reader.next(payload);
      if (item == PacketReader::Item::Nothing) return payloads;
      REQUIRE((item == PacketReader::Item::Packet || item == PacketReader::Item::Ack));
      if (item == PacketReader::Item::Packet) payloads.push_back(payload);
    }
  }

  std::string ask(const std::string& request) {
    REQUIRE(debugger.receive(packet(request)));
    const auto payloads = heard();
    REQUIRE(payloads.size() == 1);
    return payloads[0];
  }

  // A request whose answer comes when the application stops: what the application's loop does until then.
  std::string run(const std::string& request) {
    REQUIRE(debugger.receive(packet(request)));
    REQUIRE(heard().empty());
    for (int round = 0; round < 100 && !debugger.stopped(); ++round) {
      debugger.before_run();
      if (debugger.stopped()) break;
      const Stop stop = bench.processor.run(debugger.budget(10));
      if (debugger.took(stop)) continue;
      if (stop.reason == StopReason::HostCall) {
        bench.processor.return_from_host_call();
        debugger.served();
      }
      if (stop.reason == StopReason::Returned && bench.processor.calls() > 0) bench.processor.finish_call();
    }
    const auto payloads = heard();
    return payloads.empty() ? "" : payloads.back();
  }

  std::string pc() { return ask("pf"); }

  Bench bench;
  Debugger debugger;
  std::string sent, doing;
  int resets = 0, releases = 0;
};

}  // namespace

TEST_CASE("the first packet stops the application, and detaching lets it go on") {
  Session session;
  CHECK_FALSE(session.debugger.attached());
  CHECK_FALSE(session.debugger.stopped());
  CHECK(session.ask("?") == "T05thread:1;");
  CHECK(session.debugger.stopped());
  CHECK(session.ask("Z0,80a0002,2") == "OK");
  CHECK_FALSE(session.debugger.receive(packet("D")));
  CHECK(session.heard() == std::vector<std::string>{"OK"});
  session.debugger.detach();
  CHECK_FALSE(session.debugger.stopped());
  CHECK(session.bench.processor.run(4).reason == StopReason::Budget);
}

TEST_CASE("k detaches, unless R may follow") {
  Session session;
  CHECK(session.ask("!") == "OK");
  CHECK(session.debugger.receive(packet("k")));
  CHECK(session.debugger.stopped());
  CHECK(session.debugger.receive(packet("R")));
  CHECK(session.resets == 1);
  Session plain;
  plain.ask("?");
  CHECK_FALSE(plain.debugger.receive(packet("k")));
}

TEST_CASE("acknowledgements stop and start by agreement") {
  Session session;
  REQUIRE(session.debugger.receive(packet("qC")));
  CHECK(session.sent == "+" + packet("QC1"));
  session.sent.clear();
  REQUIRE(session.debugger.receive("-"));
  CHECK(session.sent == packet("QC1"));
  session.sent.clear();
  REQUIRE(session.debugger.receive("$qC#00"));
  CHECK(session.sent == "-");
  session.sent.clear();
  REQUIRE(session.debugger.receive(packet("QStartNoAckMode")));
  CHECK(session.sent == "+" + packet("OK"));
  session.sent.clear();
  REQUIRE(session.debugger.receive(packet("qC")));
  CHECK(session.sent == packet("QC1"));
}

TEST_CASE("registers are those of a Cortex-M3, one by one and all at once") {
  Session session;
  session.bench.r(0) = 0x12345678;
  CHECK(session.ask("p0") == "78563412");
  CHECK(session.pc() == "00000a08");
  CHECK(session.ask("p19") == "00000001");  // xPSR: the T bit
  CHECK(session.ask("p1c") == "00");        // PRIMASK, a byte
  CHECK(session.ask("p10") == "E01");
  const std::string all = session.ask("g");
  CHECK(all.size() == 2 * (19 * 4 + 4));
  CHECK(all.substr(0, 8) == "78563412");
  CHECK(session.ask("P1=04030201") == "OK");
  CHECK(session.bench.r(1) == 0x01020304);
  CHECK(session.ask("Pd=03000120") == "OK");
  CHECK(session.bench.r(13) == 0x20010000);  // its lowest bits are 0
  CHECK(session.ask("G" + all) == "OK");
  CHECK(session.bench.r(1) == 0);
  CHECK(session.ask("G00") == "E01");
  CHECK(session.ask("P0=12") == "E01");
}

TEST_CASE("memory is read and written through the door of the machine") {
  Session session;
  CHECK(session.ask("m80a0000,4") == "01200221");
  CHECK(session.ask("M20000010,4:deadbeef") == "OK");
  CHECK(session.ask("m20000010,4") == "deadbeef");
  CHECK(session.ask(std::string("X20000010,4:\x01}#$", 16)) == "OK");
  CHECK(session.ask("m20000010,4") == to_hex("\x01}#$"));
  CHECK(session.ask("m200143fe,8") == "0000");  // up to the end of RAM
  CHECK(session.ask("m0,4") == "E0e");
  CHECK(session.ask("M80a0000,1:00") == "E0e");
  CHECK(session.ask("mffffffff,ffffffff") == "E0e");
  CHECK(session.ask("M20000010,2:00") == "E01");
  CHECK(session.ask("m20000000,100000000") == "E01");
}

TEST_CASE("a breakpoint stops before its instruction, and the next step executes it") {
  Session session;
  session.ask("?");
  for (const char type : {'0', '1'}) {
    session.bench.r(15) = kCode;
    session.bench.r(0) = session.bench.r(1) = 0;
    CHECK(session.ask(std::string("Z") + type + ",80a0004,2") == "OK");
    CHECK(session.run("c") == "T05thread:1;");
    CHECK(session.bench.pc() == kCode + 4);
    CHECK(session.bench.r(0) == 1);
    CHECK(session.ask(std::string("z") + type + ",80a0004,2") == "OK");
    CHECK(session.run("vCont;s:1;c") == "T05thread:1;");
    CHECK(session.bench.pc() == kStore);
    CHECK(session.bench.r(0) == 3);
  }
}

TEST_CASE("a step over a range ends outside it") {
  Session session;
  session.ask("?");
  CHECK(session.run("vCont;r80a0000,80a0008:1;c") == "T05thread:1;");
  CHECK(session.bench.pc() == kLoad);
}

TEST_CASE("watchpoints name the access that stopped the application") {
  Session session;
  session.ask("?");
  CHECK(session.ask("Z2,20000000,4") == "OK");
  CHECK(session.run("c") == "T05watch:20000000;thread:1;");
  CHECK(session.bench.pc() == kLoad);
  CHECK(session.ask("z2,20000000,4") == "OK");
  CHECK(session.ask("Z3,20000002,1") == "OK");
  CHECK(session.run("c") == "T05rwatch:20000002;thread:1;");
  CHECK(session.bench.pc() == kLoop);
  session.ask("z3,20000002,1");
  session.bench.r(15) = kCode;
  CHECK(session.ask("Z4,20000000,4") == "OK");
  CHECK(session.run("c") == "T05awatch:20000000;thread:1;");
}

TEST_CASE("what the debugger reads is not watched") {
  Session session;
  session.ask("?");
  session.ask("Z4,20000000,4");
  session.ask("m20000000,4");
  CHECK(session.run("s") == "T05thread:1;");
}

TEST_CASE("what the system writes for the application is watched, too") {
  Session session;
  session.ask("?");
  session.ask("Z2,20000000,4");
  REQUIRE(session.debugger.receive(packet("c")));
  const auto before = session.debugger.watched_bytes();
  session.debugger.compare(before);
  CHECK_FALSE(session.debugger.stopped());
  session.bench.memory.writable(kRamBase, 1)[0] = 7;
  session.debugger.compare(before);
  CHECK(session.debugger.stopped());
  CHECK(session.heard() == std::vector<std::string>{"T05watch:20000000;thread:1;"});
}

TEST_CASE("Ctrl-C stops it where it is, once") {
  Session session;
  session.ask("?");
  REQUIRE(session.debugger.receive(packet("c")));
  session.heard();
  CHECK(session.releases == 1);
  REQUIRE(session.debugger.receive("\x03\x03"));
  CHECK(session.heard() == std::vector<std::string>{"T02thread:1;"});
}

TEST_CASE("a BKPT in the application is passed when it goes on") {
  Session session{0x2001, 0xBE05, 0x2102, 0xE7FE};
  session.ask("?");
  CHECK(session.run("c") == "T05thread:1;");
  CHECK(session.bench.pc() == kCode + 2);
  CHECK(session.run("s") == "T05thread:1;");
  CHECK(session.bench.r(1) == 2);
}

TEST_CASE("a callback is a thread above the one it interrupts") {
  Session session;
  session.bench.processor.run(2);
  const uint32_t interrupted = session.bench.pc();
  REQUIRE_FALSE(session.bench.processor.call(kLoop | 1, {}));
  session.doing = "system_delay_ms";
  CHECK(session.ask("?") == "T05thread:2;");
  CHECK(session.ask("qfThreadInfo") == "m2,1");
  CHECK(session.ask("qsThreadInfo") == "l");
  CHECK(session.ask("qThreadExtraInfo,1") == to_hex("interrupted by 2"));
  CHECK(session.ask("qThreadExtraInfo,2") == to_hex("in system_delay_ms"));
  CHECK(session.ask("T1") == "OK");
  CHECK(session.ask("T3") == "E01");
  CHECK(session.ask("Hg1") == "OK");
  CHECK(session.pc() == to_hex(std::string(reinterpret_cast<const char*>(&interrupted), 4)));
  CHECK(session.ask("P0=00000000") == "E01");  // it cannot run, and is left as it was
  CHECK(session.ask("Hg0") == "OK");
  CHECK(session.pc() == "0a000a08");
}

TEST_CASE("a step out of a callback ends in what it had interrupted") {
  Session session{0x2001, 0x2102, 0xE7FE, 0x4770};  // movs, movs, b ., bx lr
  session.bench.processor.run(1);
  REQUIRE_FALSE(session.bench.processor.call((kCode + 6) | 1, {}));
  session.ask("?");
  CHECK(session.run("s") == "T05thread:2;");  // the address that calls return to
  CHECK(session.bench.pc() == kTraps.returned);
  CHECK(session.run("s") == "T05thread:1;");
  CHECK(session.bench.pc() == kCode + 2);
}

TEST_CASE("a step into the system ends behind it") {
  Session session{0x4718, 0x2102, 0xE7FE};  // bx r3
  session.bench.r(3) = kTraps.host_calls | 1;
  session.bench.r(14) = (kCode + 2) | 1;
  session.ask("?");
  CHECK(session.run("s") == "T05thread:1;");
  CHECK(session.bench.pc() == kTraps.host_calls);
  CHECK(session.run("s") == "T05thread:1;");
  CHECK(session.bench.pc() == kCode + 2);
  CHECK(session.ask("md0000000,2") == "7047");  // GDB finds the way back: BX LR
}

TEST_CASE("a step from outside the application ends at the first instruction that the system calls") {
  Session session(kProgram, false);
  session.ask("?");
  REQUIRE(session.debugger.receive(packet("s")));
  REQUIRE_FALSE(session.debugger.stopped());
  REQUIRE_FALSE(session.bench.processor.call(kLoop | 1, {}));
  session.debugger.before_run();
  CHECK(session.debugger.stopped());
  CHECK(session.heard() == std::vector<std::string>{"T05thread:1;"});
  CHECK(session.bench.pc() == kLoop);
}

TEST_CASE("the end of the application is told in words before it stops") {
  Session session;
  session.ask("?");
  REQUIRE(session.debugger.receive(packet("c")));
  session.heard();
  session.debugger.stop(debug::Signal::Arithmetic, "SOS 5");
  CHECK(session.heard() == std::vector<std::string>{"O" + to_hex("SOS 5\n"), "T08thread:1;"});
  CHECK(session.debugger.stopped());
}

TEST_CASE("a reset on request keeps breakpoints and stops at the first instruction") {
  Session session;
  session.ask("?");
  session.ask("Z1,80a0004,2");
  session.ask("Z2,20000000,4");
  session.ask("QStartNoAckMode");
  CHECK(from_hex(session.ask("qRcmd," + to_hex("reset")))->find("resets") != std::string::npos);
  CHECK(session.resets == 1);
  CHECK(session.debugger.receive(packet("qC")));  // for the next start
  CHECK(session.heard().empty());
  Session next;
  next.debugger.attach_again(session.debugger.carried());
  CHECK(next.debugger.attached());
  CHECK(next.debugger.stopped());
  next.debugger.enter(next);
  CHECK(next.debugger.receive(""));
  CHECK(next.heard() == std::vector<std::string>{"QC1"});
  CHECK(next.ask("?") == "T05thread:1;");
  CHECK(next.run("c") == "T05thread:1;");
  CHECK(next.bench.pc() == kCode + 4);
  next.ask("z1,80a0004,2");
  CHECK(next.run("c") == "T05watch:20000000;thread:1;");
}

TEST_CASE("without an application registers are 0, and there is nothing to run") {
  Session session;
  session.debugger.leave();
  CHECK(session.ask("?") == "T05thread:1;");
  CHECK(session.ask("p0") == "00000000");
  CHECK(session.ask("m20000000,4") == "E0e");
  CHECK(session.ask("M20000000,1:00") == "E0e");
  CHECK(session.ask("Z0,80a0000,2") == "OK");
  CHECK(session.run("s") == "");
  CHECK_FALSE(session.debugger.stopped());
}

TEST_CASE("the documents describe registers and memory, whole and in parts") {
  Session session;
  const std::string whole = session.ask("qXfer:features:read:target.xml:0,ffb");
  CHECK(whole[0] == 'l');
  CHECK(whole.find("org.gnu.gdb.arm.m-profile") != std::string::npos);
  CHECK(whole.find("name=\"xpsr\" bitsize=\"32\" regnum=\"25\"") != std::string::npos);
  std::string joined;
  for (size_t at = 0; true; at += 100) {
    char request[64];
    snprintf(request, sizeof request, "qXfer:features:read:target.xml:%zx,64", at);
    const std::string part = session.ask(request);
    joined += part.substr(1);
    if (part[0] == 'l') break;
  }
  CHECK(joined == whole.substr(1));
  const std::string map = session.ask("qXfer:memory-map:read::0,ffb");
  CHECK(map.find("type=\"flash\" start=\"0x80a0000\" length=\"0xc\"") != std::string::npos);
  CHECK(map.find("type=\"ram\" start=\"0x20000000\" length=\"0x14400\"") != std::string::npos);
  CHECK(session.ask("qXfer:features:read:target.xml:ffff,10") == "E01");
  CHECK(session.ask("qXfer:features:read:other.xml:0,10") == "");
}

TEST_CASE("requests of other kinds are answered as unknown, malformed ones as errors") {
  Session session;
  for (const char* request : {"", "vMustReplyEmpty", "qTStatus", "qSymbol::x", "b", "Z7,0,0"})
    CHECK(session.ask(request) == "");
  for (const char* request : {"m", "m20000000", "mzz,1", "Z0", "Z0,1", "vCont;t", "p", "G", "P0", "H", "qRcmd,0"})
    CHECK(session.ask(request) == "E01");
  CHECK(session.debugger.stopped());
}

TEST_CASE("there is an end to breakpoints") {
  Session session;
  char request[32];
  int taken = 0;
  for (uint32_t i = 0; i < 1000; ++i) {
    snprintf(request, sizeof request, "Z0,%x,2", 0x080A0000 + 2 * i);
    if (session.ask(request) == "OK") ++taken;
  }
  CHECK(taken == 256);
}
