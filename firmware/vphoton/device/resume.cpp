#include "device/resume.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/json.h"
#include "base/log.h"

namespace vphoton {
namespace {

// The record is a file in memory: the environment itself is no place for the passwords of the air.
constexpr size_t kLargestRecord = 64 * 1024;

// Libraries, too, may have opened descriptors without close-on-exec. Standard streams are always kept.
void close_others_on_exec(std::initializer_list<int> kept) {
  if (DIR* folder = opendir("/proc/self/fd")) {
    while (dirent* entry = readdir(folder)) {
      int fd = atoi(entry->d_name);
      if (fd > STDERR_FILENO) fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    closedir(folder);
  }
  for (int fd : kept)
    if (fd >= 0) fcntl(fd, F_SETFD, 0);
}

}  // namespace

std::optional<Resume> Resume::take() {
  const char* number = getenv(kResumeVariable);
  if (!number) return std::nullopt;
  int record = atoi(number);
  unsetenv(kResumeVariable);
  std::string text(kLargestRecord, '\0');
  ssize_t size = pread(record, text.data(), text.size(), 0);
  if (size <= 0) return std::nullopt;
  close(record);
  text.resize(static_cast<size_t>(size));
  auto value = JsonValue::parse(text);
  if (!value || value->type != JsonValue::Type::Object) return std::nullopt;
  Resume resume;
  resume.reason = static_cast<ResetReason>(value->int_at("reason").value_or(0));
  const JsonValue* data = value->find("data");
  if (data && data->type == JsonValue::Type::Number) resume.data = static_cast<uint32_t>(data->number);
  resume.listen = value->bool_at("listen").value_or(false);
  resume.dfu = value->bool_at("dfu").value_or(false);
  resume.lock = value->int_at("lock").value_or(-1);
  resume.serial = value->int_at("serial").value_or(-1);
  resume.softap_tcp = value->int_at("softap_tcp").value_or(-1);
  resume.softap_http = value->int_at("softap_http").value_or(-1);
  resume.kept_memory = value->int_at("retained").value_or(-1);
  resume.debug.listener = value->int_at("debug_listener").value_or(-1);
  resume.debug.client = value->int_at("debug_client").value_or(-1);
  resume.debug.state = value->string_at("debug_state").value_or("");
  resume.control_folder = value->string_at("control_folder").value_or("");
  resume.peripherals = value->string_at("peripherals").value_or("");
  resume.setup_hold_ms = value->int_at("setup_hold_ms").value_or(0);
  resume.setup_pressed = value->bool_at("setup_pressed").value_or(false);
  resume.reset_pressed = value->bool_at("reset_pressed").value_or(false);
  resume.pins = value->string_at("pins").value_or("");
  resume.wifi_available = value->bool_at("wifi_available").value_or(true);
  resume.power_cut.at_write = static_cast<uint64_t>(value->int_at("power_cut_at_write").value_or(0));
  resume.power_cut.torn = static_cast<size_t>(value->int_at("torn").value_or(0));
  std::string reason;
  const JsonValue* air = value->find("air");
  if (air) resume.air = parse_air(*air, &reason).value_or(default_air());
  return resume;
}

int Resume::record() const {
  std::string text = JsonObject()
                         .add("reason", static_cast<int>(reason))
                         .add("data", static_cast<long long>(data))
                         .add("listen", listen)
                         .add("dfu", dfu)
                         .add("lock", lock)
                         .add("serial", serial)
                         .add("softap_tcp", softap_tcp)
                         .add("softap_http", softap_http)
                         .add("retained", kept_memory)
                         .add("control_folder", control_folder)
                         .add("debug_listener", debug.listener)
                         .add("debug_client", debug.client)
                         .add("debug_state", debug.state)
                         .add("peripherals", peripherals)
                         .add("setup_hold_ms", setup_hold_ms)
                         .add("setup_pressed", setup_pressed)
                         .add("reset_pressed", reset_pressed)
                         .add("pins", pins)
                         .add("wifi_available", wifi_available)
                         .add("power_cut_at_write", static_cast<long long>(power_cut.at_write))
                         .add("torn", static_cast<long long>(power_cut.torn))
                         .add_raw("air", air_json(air))
                         .str();
  int file = memfd_create("resume", MFD_CLOEXEC);
  bool written = file >= 0 && text.size() <= kLargestRecord &&
                 pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  if (written) return file;
  if (file >= 0) close(file);
  return -1;
}

void Resume::restart(char* const argv[]) const {
  int file = record();
  if (file < 0) {
    log_warning("reset: the device's state cannot be handed on: %s", strerror(errno));
    _exit(1);
  }
  setenv(kResumeVariable, std::to_string(file).c_str(), 1);
  close_others_on_exec({lock, serial, softap_tcp, softap_http, kept_memory, debug.listener, debug.client, file});
  execv("/proc/self/exe", argv);
  log_warning("reset: the program cannot be started again: %s", strerror(errno));
  _exit(1);
}

const char* reset_reason_name(ResetReason reason) {
  switch (reason) {
    case ResetReason::None:
      return "";
    case ResetReason::Unknown:
      return "unknown";
    case ResetReason::PinReset:
      return "pin_reset";
    case ResetReason::PowerManagement:
      return "power_management";
    case ResetReason::PowerDown:
      return "power_down";
    case ResetReason::PowerBrownout:
      return "power_brownout";
    case ResetReason::Watchdog:
      return "watchdog";
    case ResetReason::Update:
      return "update";
    case ResetReason::UpdateError:
      return "update_error";
    case ResetReason::UpdateTimeout:
      return "update_timeout";
    case ResetReason::FactoryReset:
      return "factory_reset";
    case ResetReason::SafeMode:
      return "safe_mode";
    case ResetReason::DfuMode:
      return "dfu_mode";
    case ResetReason::Panic:
      return "panic";
    case ResetReason::User:
      return "user";
  }
  return "unknown";
}

}  // namespace vphoton
