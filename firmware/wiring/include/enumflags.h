// A set of the values of an enum class, each of which is a bit.
#pragma once

#include <type_traits>

namespace particle {

template <typename T>
class EnumFlags {
 private:
  typedef typename std::underlying_type<T>::type Value;

 public:
  constexpr EnumFlags() : value_(0) {}
  constexpr EnumFlags(const T& flag) : value_(static_cast<Value>(flag)) {}
  static constexpr EnumFlags fromUnderlying(Value value) { return EnumFlags(static_cast<T>(value)); }

  constexpr Value value() const { return value_; }
  constexpr bool isSet() const { return value_ != 0; }
  constexpr bool isSet(const EnumFlags& flags) const { return (value_ & flags.value_) != 0; }
  EnumFlags& set(const EnumFlags& flags) { return *this |= flags; }
  EnumFlags& clear(const EnumFlags& flags) { return *this &= ~flags; }

  constexpr EnumFlags operator|(const EnumFlags& other) const { return fromUnderlying(value_ | other.value_); }
  constexpr EnumFlags operator&(const EnumFlags& other) const { return fromUnderlying(value_ & other.value_); }
  constexpr EnumFlags operator^(const EnumFlags& other) const { return fromUnderlying(value_ ^ other.value_); }
  constexpr EnumFlags operator~() const { return fromUnderlying(~value_); }
  EnumFlags& operator|=(const EnumFlags& other) { return *this = *this | other; }
  EnumFlags& operator&=(const EnumFlags& other) { return *this = *this & other; }
  EnumFlags& operator^=(const EnumFlags& other) { return *this = *this ^ other; }
  constexpr bool operator==(const EnumFlags& other) const { return value_ == other.value_; }
  constexpr bool operator!=(const EnumFlags& other) const { return value_ != other.value_; }
  constexpr bool operator<(const EnumFlags& other) const { return value_ < other.value_; }
  constexpr bool operator<=(const EnumFlags& other) const { return value_ <= other.value_; }
  constexpr bool operator>(const EnumFlags& other) const { return value_ > other.value_; }
  constexpr bool operator>=(const EnumFlags& other) const { return value_ >= other.value_; }
  constexpr EnumFlags operator<<(unsigned places) const { return fromUnderlying(static_cast<Value>(value_ << places)); }
  constexpr EnumFlags operator>>(unsigned places) const { return fromUnderlying(static_cast<Value>(value_ >> places)); }
  EnumFlags& operator<<=(unsigned places) { return *this = *this << places; }
  EnumFlags& operator>>=(unsigned places) { return *this = *this >> places; }

 private:
  Value value_;
};

}  // namespace particle
