#include "household.h"

namespace shade {

namespace {

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// How long the name at the start of the text is.
size_t name_length(const char* text) {
  size_t length = 0;
  while (is_name(text[length])) ++length;
  return length;
}

}  // namespace

void Household::load() {
  site_.load();
  groups_.load();
  owner_.load();
  schedule_.load();
}

int Household::own(const char* owner, bool& cleared) {
  size_t length = name_length(owner);
  cleared = false;
  if (length == 0 || length > OwnerName::kMaxLength || owner[length] != '\0') return kBadArgument;
  bool none = strcmp(owner, "none") == 0;
  bool another = *owner_.text() && strcmp(owner, owner_.text()) != 0;
  if (none || another) {
    if (!forget()) return kNotStored;
    cleared = true;
  }
  if (none) return 0;
  return owner_.save(owner) ? 0 : static_cast<int>(kNotStored);
}

// The owner goes last: with the power gone in between, the next call does it again.
bool Household::forget() { return site_.erase() && groups_.erase() && schedule_.forget() && owner_.erase(); }

int Household::join(const char* groups) {
  for (const char* at = groups; *at;) {
    size_t length = name_length(at);
    if (length == 0) return kBadArgument;
    at += length;
    if (*at == ',' && at[1] != '\0')
      ++at;
    else if (*at != '\0')
      return kBadArgument;
  }
  if (strlen(groups) > Groups::kMaxLength) return kBadArgument;
  return groups_.save(groups) ? 0 : static_cast<int>(kNotStored);
}

bool Household::in_group(const char* name) const {
  size_t wanted = strlen(name);
  if (wanted == 0) return false;
  for (const char* at = groups_.text(); *at;) {
    size_t length = name_length(at);
    if (length == wanted && memcmp(at, name, length) == 0) return true;
    at += length;
    if (*at) ++at;
  }
  return false;
}

}  // namespace shade
