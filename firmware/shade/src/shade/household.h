// What belongs to the device's owner, and which no next owner may inherit: name of the place, groups, schedule. And
// whose they are, as far as the cloud has said.
#pragma once

#include <stdint.h>

#include "codes.h"
#include "schedule.h"
#include "site_name.h"
#include "text_record.h"

namespace shade {

class Household {
 public:
  // A name the owner's cloud chose; it means nothing to the device.
  using OwnerName = TextRecord<15>;
  using Groups = TextRecord<27>;

  explicit Household(Storage& storage)
      : site_(storage),
        groups_(storage, eeprom::kGroups, 'G'),
        owner_(storage, eeprom::kOwner, 'O'),
        schedule_(storage) {}

  void load();

  // `none`, or letters, digits, `-` and `_`. None, and another one than before, make it forget all that is the owner's.
  // `cleared`: whether it did.
  int own(const char* owner, bool& cleared);
  // After a factory reset: as own("none"), without being asked to.
  bool forget();
  // SETUP says that the owner gives the device up; kept until the cloud says who owns it now.
  bool ask_release() { return owner_.save(owner_.text(), true); }

  // Names between commas, of letters, digits, `-` and `_`; empty: none.
  int join(const char* groups);
  bool in_group(const char* name) const;
  int name_site(const char* text) { return site_.save(text) ? 0 : static_cast<int>(kNotStored); }

  const char* site() const { return site_.text(); }
  const char* groups() const { return groups_.text(); }
  const char* owner() const { return owner_.text(); }  // empty: none is known
  bool asks_release() const { return owner_.flag(); }
  Schedule& schedule() { return schedule_; }
  const Schedule& schedule() const { return schedule_; }

 private:
  SiteName site_;
  Groups groups_;
  OwnerName owner_;
  Schedule schedule_;
};

}  // namespace shade
