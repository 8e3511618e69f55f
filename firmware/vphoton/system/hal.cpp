// Table hal: random numbers, time, EEPROM and interrupts as a whole.
#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint32_t kLongestWaitUs = 2000;  // what is waited for without the system having its turn
constexpr int32_t kNotSupported = -120;

uint32_t random_number(Application& app) { return app.device().random_number(); }

void nothing(Application&) {}

void wait_ms(Application& app, uint32_t ms) { app.wait_ms(ms); }

void wait_us(Application& app, uint32_t us) {
  if (us > kLongestWaitUs) return app.wait_ms((us + 999) / 1000);
  app.device().delay_us(us);
}

uint32_t micros(Application& app) { return app.device().micros(); }
uint32_t millis(Application& app) { return app.device().millis(); }

// 64 bits of what counts 32.
struct Widened {
  uint32_t last = 0;
  uint64_t wraps = 0;

  uint64_t at(uint32_t now) {
    if (now < last) wraps += 1ull << 32;
    last = now;
    return wraps + now;
  }
};

struct Counters {
  Widened millis;
  Widened micros;
};

uint64_t millis_64(Application& app, uint32_t) { return app.state<Counters>().millis.at(app.device().millis()); }

uint64_t micros_64(Application& app, uint32_t) { return app.state<Counters>().micros.at(app.device().micros()); }

uint32_t unix_time(Application& app) { return app.device().time_valid() ? app.device().unix_time() : 0; }
void set_unix_time(Application& app, uint32_t seconds) { app.device().set_unix_time(seconds); }
bool time_is_valid(Application& app, uint32_t) { return app.device().time_valid(); }

// struct timeval of newlib: seconds in 64 bits, microseconds in 32.
int32_t get_time(Application& app, uint32_t at, uint32_t) {
  app.put<int64_t>(at, app.device().time_valid() ? app.device().unix_time() : 0);
  app.put<int32_t>(at + 8, 0);
  return 0;
}

int32_t set_time(Application& app, uint32_t at, uint32_t) {
  app.device().set_unix_time(static_cast<uint32_t>(app.get<int64_t>(at)));
  return 0;
}

int32_t set_alarm(Application&, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t) { return kNotSupported; }

uint32_t eeprom_length(Application&) { return EmulatedEeprom::kLength; }

uint8_t eeprom_read(Application& app, uint32_t address) { return app.device().eeprom().read(address); }

void eeprom_write(Application& app, uint32_t address, uint8_t value) {
  app.device().eeprom().write(address, std::string(1, static_cast<char>(value)));
}

void eeprom_get(Application& app, uint32_t address, uint32_t to, uint32_t size) {
  for (uint32_t i = 0; i < size; ++i) app.put<uint8_t>(to + i, app.device().eeprom().read(size_t{address} + i));
}

void eeprom_put(Application& app, uint32_t address, uint32_t from, uint32_t size) {
  if (size == 0 || !EmulatedEeprom::holds(address, size)) return;
  app.device().eeprom().write(address, std::string(reinterpret_cast<const char*>(app.bytes(from, size)), size));
}

void eeprom_clear(Application& app) { app.device().eeprom().clear(); }
bool eeprom_has_pending_erase(Application& app) { return app.device().eeprom().has_pending_erase(); }
void eeprom_perform_pending_erase(Application& app) { app.device().eeprom().perform_pending_erase(); }

int32_t disable_interrupts(Application& app) {
  const bool were_on = app.interrupts();
  app.set_interrupts(false);
  return were_on ? 0 : 1;  // PRIMASK
}

void enable_interrupts(Application& app, int32_t mask) { app.set_interrupts((mask & 1) == 0); }

}  // namespace

SystemFunctions hal_functions() {
  return {
      serves<nothing>("HAL_RNG_Configuration"),
      serves<random_number>("HAL_RNG_GetRandomNumber"),
      serves<wait_ms>("HAL_Delay_Milliseconds"),
      serves<wait_us>("HAL_Delay_Microseconds"),
      serves<micros>("HAL_Timer_Get_Micro_Seconds"),
      serves<millis>("HAL_Timer_Get_Milli_Seconds"),
      serves<micros_64>("hal_timer_micros"),
      serves<millis_64>("hal_timer_millis"),
      serves<nothing>("hal_rtc_init"),
      serves<unix_time>("hal_rtc_get_unixtime_deprecated"),
      serves<set_unix_time>("hal_rtc_set_unixtime_deprecated"),
      serves<time_is_valid>("hal_rtc_time_is_valid"),
      serves<get_time>("hal_rtc_get_time"),
      serves<set_time>("hal_rtc_set_time"),
      serves<set_alarm>("hal_rtc_set_alarm"),
      serves<nothing>("hal_rtc_cancel_alarm"),
      serves<nothing>("HAL_EEPROM_Init"),
      serves<eeprom_read>("HAL_EEPROM_Read"),
      serves<eeprom_write>("HAL_EEPROM_Write"),
      serves<eeprom_length>("HAL_EEPROM_Length"),
      serves<eeprom_get>("HAL_EEPROM_Get"),
      serves<eeprom_put>("HAL_EEPROM_Put"),
      serves<eeprom_clear>("HAL_EEPROM_Clear"),
      serves<eeprom_has_pending_erase>("HAL_EEPROM_Has_Pending_Erase"),
      serves<eeprom_perform_pending_erase>("HAL_EEPROM_Perform_Pending_Erase"),
      serves<disable_interrupts>("HAL_disable_irq"),
      serves<enable_interrupts>("HAL_enable_irq"),
  };
}

}  // namespace vphoton::system
