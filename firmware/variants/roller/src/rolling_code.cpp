#include "rolling_code.h"

bool RollingCode::begin() {
  shade::RecordStore::Record record;
  shade::RecordStore::Found found = record_.load(record);
  if (found == shade::RecordStore::Found::Valid) next_ = reserved_ = shade::get_number(record.payload, 4);
  return found != shade::RecordStore::Found::Damaged;
}

bool RollingCode::next(uint32_t& code) {
  if (next_ == reserved_) {
    shade::RecordStore::Record record = {};
    record.version = kFormat;
    shade::put_number(record.payload, reserved_ + kReserved, 4);
    if (!record_.save(record)) return false;
    reserved_ += kReserved;
  }
  code = next_++;
  return true;
}
