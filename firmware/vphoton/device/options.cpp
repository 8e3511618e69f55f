#include "device/options.h"

#include <cstdio>
#include <cstdlib>

#include "base/hex.h"
#include "base/json.h"
#include "device/loop_pace.h"
#include "worlds/wiring.h"

namespace vphoton {

const char kHelp[] =
    "usage: vphoton --state DIR [options]\n"
    "\n"
    "A virtual Particle Photon. DIR is the device: keys, settings, firmware, EEPROM. When it is up, "
    "one\n"
    "JSON line on stdout names its id, serial port, SoftAP ports, control socket and state folder.\n"
    "\n"
    "  --state DIR             the device; made if it is not there\n"
    "  --rack N                N devices in one process: those in the folders of DIR, named by device id, and new\n"
    "                          ones; ARM user parts only, loop() every two seconds at rest\n"
    "  --device-id HEX         24 hexadecimal digits\n"
    "  --serial-number TEXT    what the console tells of units that have one, at most 15 characters\n"
    "  --device-secret TEXT    likewise, 15 characters\n"
    "  --device-key FILE       RSA-1024 private key, PKCS#1 DER; without one the device makes its own at first boot\n"
    "  --server-key FILE       the cloud's RSA-2048 public key, SubjectPublicKeyInfo DER\n"
    "  --server HOST:PORT      the cloud's device service\n"
    "  --firmware FILE         user part to install before the device boots\n"
    "  --factory-firmware FILE user part for factory reset\n"
    "  --wifi SSID:PASSWORD    a network the device already knows\n"
    "  --air FILE              access points in the air, JSON: "
    "[{\"ssid\",\"password\",\"security\",\"channel\",\"rssi\",\"identity\",\"client_ca\"}]\n"
    "                          (default: \"photonrig\", password \"photonrig-lab\", WPA2 AES)\n"
    "  --listening             start in listening mode\n"
    "  --setup-hold-ms N       SETUP is held so long from power-on: from 1 s safe mode, from 3 s DFU mode, beyond 6.5 "
    "s\n"
    "                          factory reset if there is a factory image\n"
    "  --softap-tcp-port N     SoftAP over TCP on 127.0.0.1 (default 0: any free port)\n"
    "  --softap-http-port N    SoftAP over HTTP on 127.0.0.1 (default 0: any free port)\n"
    "  --wired-to WHAT[:MS]    what the pins are connected to: roller, venetian, drapery or honeycomb, with a shade\n"
    "                          that takes MS from end to end (default 2000)\n"
    "  --peripherals JSON      models of peripherals that a bench has: "
    "{\"socket\",\"i2c\",\"pins\",\"serial1\",\"spi\"}\n"
    "  --loop-hz N             loop() at least so often per second, 1 to 1000, or without a pause: 1000000\n"
    "                          (default: 25 while anything goes on, 5 at rest)\n"
    "  --power-cut-at-write N[:K]  the power goes at the N-th write to flash, DCT, EEPROM or Wi-Fi credentials; of a\n"
    "                          write to flash the first K bytes are done\n"
    "  --device-os VERSION     0.6.3, 0.7.0, 1.0.1, 1.2.1, 1.4.4, 1.5.2, 2.3.1 (a new device) or 3.3.1\n"
    "  --allow-host HOST       the application may reach this host, too, with TCP and UDP, and looks it up once; may "
    "be\n"
    "                          repeated. Without it nothing but 127.0.0.0/8, where its own ports are, too\n"
    "  --check-memory          find reads of memory never written and uses of heap that is free; in \"memory\" of the "
    "status\n"
    "  --record FILE           the pins' levels as a waveform (VCD), anew at each start\n"
    "  --trial FILE            run the firmware apart from everything outside, in time counted in instructions, as "
    "the\n"
    "                          plan in FILE says; needs only --firmware\n"
    "  --log                   tell changes of state on stderr, not only warnings\n"
    "\n"
    "What is given is written into the device; a later start needs only --state.\n"
    "\n"
    "example: vphoton --state one --device-id 0123456789abcdef01234567 --server-key cloud.der \\\n"
    "                 --server 127.0.0.1:5683 --firmware roller.bin --wifi photonrig:photonrig-lab\n";

namespace {

constexpr size_t kDeviceIdSize = 12;
constexpr size_t kLargestFile = 1024 * 1024;

bool read_file(const std::string& path, std::string* content) {
  FILE* file = fopen(path.c_str(), "rbe");
  if (!file) return false;
  char buffer[8192];
  size_t got;
  while (content->size() <= kLargestFile && (got = fread(buffer, 1, sizeof buffer, file)) > 0)
    content->append(buffer, got);
  bool read = !ferror(file);
  fclose(file);
  return read;
}

std::optional<int> whole_number(const std::string& text, int least, int most) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  int value = atoi(text.c_str());
  if (value < least || value > most) return std::nullopt;
  return value;
}

class ArgumentReader {
 public:
  ArgumentReader(const std::vector<std::string>& arguments, std::string* error)
      : arguments_(arguments), error_(error) {}

  bool read(Options& options) {
    while (at_ < arguments_.size()) {
      std::string name = arguments_[at_++];
      if (name == "--help" || name == "-h")
        options.help = true;
      else if (name == "--log")
        options.log = true;
      else if (name == "--check-memory")
        options.check_memory = true;
      else if (name == "--listening")
        options.listening = true;
      else if (!with_value(name, options))
        return false;
    }
    if (!options.trial.empty()) return !options.firmware.empty() || fail("--trial needs --firmware");
    if (!options.help && options.state.empty()) return fail("--state DIR is missing");
    if (options.rack && !options.device_id.empty()) return fail("--rack takes the device ids from its folders");
    if (options.rack && (options.softap_tcp_port || options.softap_http_port))
      return fail("--rack opens SoftAP ports on request, and any free ones");
    return true;
  }

 private:
  bool fail(const std::string& text) {
    *error_ = text;
    return false;
  }

  bool with_value(const std::string& name, Options& options) {
    static constexpr const char* kNames[] = {
        "--state",
        "--device-id",
        "--device-key",
        "--server-key",
        "--server",
        "--firmware",
        "--factory-firmware",
        "--serial-number",
        "--device-secret",
        "--setup-hold-ms",
        "--wifi",
        "--air",
        "--softap-tcp-port",
        "--softap-http-port",
        "--loop-hz",
        "--rack",
        "--wired-to",
        "--peripherals",
        "--device-os",
        "--power-cut-at-write",
        "--record",
        "--allow-host",
        "--trial",
    };
    bool known = false;
    for (const char* each : kNames) known = known || name == each;
    if (!known) return fail("unknown argument " + name);
    if (at_ == arguments_.size()) return fail(name + " needs a value");
    const std::string& value = arguments_[at_++];

    if (name == "--state") {
      options.state = value;
      return !value.empty() || fail("--state needs a folder");
    }
    if (name == "--device-id") {
      options.device_id = from_hex(value).value_or("");
      return options.device_id.size() == kDeviceIdSize || fail("--device-id needs 24 hexadecimal digits");
    }
    if (name == "--device-key") return key(name, value, &options.device_key);
    if (name == "--server-key") return key(name, value, &options.server_key);
    if (name == "--record") {
      options.record = value;
      return !value.empty() || fail("--record needs a file");
    }
    if (name == "--allow-host")
      return options.hosts.allow(value) ||
             fail("--allow-host needs a name or an IPv4 address that is known, not " + value);
    if (name == "--trial") return file(name, value, &options.trial);
    if (name == "--firmware") return file(name, value, &options.firmware);
    if (name == "--serial-number") {
      options.serial_number = value;
      options.serial_number.resize(15, '\0');
      return (!value.empty() && value.size() <= 15) || fail("--serial-number needs 1 to 15 characters");
    }
    if (name == "--device-secret") {
      options.device_secret = value;
      return value.size() == dct::kDeviceSecretSize || fail("--device-secret needs 15 characters");
    }
    if (name == "--factory-firmware") return file(name, value, &options.factory_firmware);
    if (name == "--setup-hold-ms") {
      auto number = whole_number(value, 0, 60000);
      options.setup_hold_ms = number.value_or(0);
      return number.has_value() || fail("--setup-hold-ms needs milliseconds, at most 60000");
    }
    if (name == "--server") return server(value, options);
    if (name == "--wifi") return wifi(value, options);
    if (name == "--air") return air(value, options);
    if (name == "--softap-tcp-port") return port(name, value, &options.softap_tcp_port);
    if (name == "--softap-http-port") return port(name, value, &options.softap_http_port);
    if (name == "--loop-hz") {
      auto number = whole_number(value, 1, LoopPace::kWithoutPause);
      options.loop_hz = number.value_or(0);
      const bool known =
          options.loop_hz != 0 && (options.loop_hz <= 1000 || options.loop_hz == LoopPace::kWithoutPause);
      return known || fail("--loop-hz needs a number from 1 to 1000, or 1000000");
    }
    if (name == "--rack") {
      auto number = whole_number(value, 1, 100000);
      options.rack = number.value_or(0);
      return number.has_value() || fail("--rack needs the number of devices, 1 to 100000");
    }
    if (name == "--wired-to") {
      options.wired_to = value;
      std::string wrong = Wiring::check(value);
      return wrong.empty() || fail("--wired-to: " + wrong);
    }
    if (name == "--peripherals") {
      options.peripherals = value;
      return !value.empty() || fail("--peripherals needs a JSON object");
    }
    if (name == "--power-cut-at-write") return power_cut(value, &options.power_cut);
    options.device_os = cloud::find_generation(value);
    return options.device_os ||
           fail("--device-os: " + value + " is not modelled; there are " + cloud::generation_names());
  }

  bool file(const std::string& name, const std::string& path, std::string* content) {
    if (!read_file(path, content)) return fail(name + ": " + path + " cannot be read");
    return !content->empty() || fail(name + ": " + path + " is empty");
  }

  bool key(const std::string& name, const std::string& path, std::string* der) {
    if (!file(name, path, der)) return false;
    return (*der)[0] == 0x30 || fail(name + ": " + path + " is not a DER file");
  }

  bool server(const std::string& value, Options& options) {
    size_t colon = value.rfind(':');
    auto number = colon == std::string::npos ? std::nullopt : whole_number(value.substr(colon + 1), 1, 65535);
    if (!number || colon == 0 || colon > 64) return fail("--server needs HOST:PORT");
    options.server = ServerAddress{value.substr(0, colon), static_cast<uint16_t>(*number)};
    return true;
  }

  bool wifi(const std::string& value, Options& options) {
    size_t colon = value.find(':');
    WifiNetwork network;
    network.ssid = value.substr(0, colon);
    if (colon != std::string::npos) network.password = value.substr(colon + 1);
    if (network.ssid.empty() || network.ssid.size() > 32 || network.password.size() > 64)
      return fail("--wifi needs SSID:PASSWORD, of at most 32 and 64 bytes");
    network.security = network.password.empty() ? wiced::kOpen : wiced::kWpa2 | wiced::kAes;
    options.wifi = network;
    return true;
  }

  bool air(const std::string& path, Options& options) {
    std::string content, reason = "is not JSON";
    if (!file("--air", path, &content)) return false;
    auto list = JsonValue::parse(content);
    if (list) options.air = parse_air(*list, &reason);
    return options.air.has_value() || fail("--air: " + path + ": " + reason);
  }

  bool port(const std::string& name, const std::string& value, uint16_t* number) {
    auto parsed = whole_number(value, 0, 65535);
    *number = static_cast<uint16_t>(parsed.value_or(0));
    return parsed.has_value() || fail(name + " needs a port number");
  }

  bool power_cut(const std::string& value, PlannedPowerCut* cut) {
    size_t colon = value.find(':');
    auto write = whole_number(value.substr(0, colon), 1, 999999999);
    auto torn =
        colon == std::string::npos ? std::optional<int>(0) : whole_number(value.substr(colon + 1), 0, 999999999);
    if (!write || !torn) return fail("--power-cut-at-write needs N or N:K, N from 1");
    *cut = {static_cast<uint64_t>(*write), static_cast<size_t>(*torn)};
    return true;
  }

  const std::vector<std::string>& arguments_;
  std::string* error_;
  size_t at_ = 0;
};

}  // namespace

std::optional<Options> Options::parse(const std::vector<std::string>& arguments, std::string* error) {
  Options options;
  if (!ArgumentReader(arguments, error).read(options)) return std::nullopt;
  return options;
}

}  // namespace vphoton
