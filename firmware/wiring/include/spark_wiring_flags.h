// A set of flags of one kind; flags of another do not go with it. `TagT` only tells kinds apart.
#pragma once

namespace particle {

template <typename TagT, typename ValueT>
class Flags;

// One of them.
template <typename TagT, typename ValueT = unsigned>
class Flag {
 public:
  explicit constexpr Flag(ValueT value) : value_(value) {}
  constexpr Flags<TagT, ValueT> operator|(Flag other) const;
  constexpr Flags<TagT, ValueT> operator|(Flags<TagT, ValueT> others) const;
  constexpr Flags<TagT, ValueT> operator&(Flags<TagT, ValueT> others) const;
  constexpr Flags<TagT, ValueT> operator^(Flags<TagT, ValueT> others) const;
  explicit constexpr operator ValueT() const { return value_; }
  constexpr ValueT value() const { return value_; }

 private:
  ValueT value_;
};

template <typename TagT, typename ValueT = unsigned>
class Flags {
 public:
  typedef TagT TagType;
  typedef ValueT ValueType;
  typedef Flag<TagT, ValueT> FlagType;

  constexpr Flags() : value_(0) {}
  constexpr Flags(Flag<TagT, ValueT> flag) : value_(flag.value()) {}

  constexpr Flags operator|(Flags other) const { return Flags(static_cast<ValueT>(value_ | other.value_)); }
  constexpr Flags operator&(Flags other) const { return Flags(static_cast<ValueT>(value_ & other.value_)); }
  constexpr Flags operator^(Flags other) const { return Flags(static_cast<ValueT>(value_ ^ other.value_)); }
  constexpr Flags operator~() const { return Flags(static_cast<ValueT>(~value_)); }
  Flags& operator|=(Flags other) { return *this = *this | other; }
  Flags& operator&=(Flags other) { return *this = *this & other; }
  Flags& operator^=(Flags other) { return *this = *this ^ other; }
  explicit constexpr operator ValueT() const { return value_; }
  explicit constexpr operator bool() const { return value_ != 0; }
  constexpr ValueT value() const { return value_; }

 private:
  explicit constexpr Flags(ValueT value) : value_(value) {}

  ValueT value_;
};

template <typename TagT, typename ValueT>
constexpr Flags<TagT, ValueT> Flag<TagT, ValueT>::operator|(Flag other) const {
  return Flags<TagT, ValueT>(*this) | Flags<TagT, ValueT>(other);
}
template <typename TagT, typename ValueT>
constexpr Flags<TagT, ValueT> Flag<TagT, ValueT>::operator|(Flags<TagT, ValueT> others) const {
  return Flags<TagT, ValueT>(*this) | others;
}
template <typename TagT, typename ValueT>
constexpr Flags<TagT, ValueT> Flag<TagT, ValueT>::operator&(Flags<TagT, ValueT> others) const {
  return Flags<TagT, ValueT>(*this) & others;
}
template <typename TagT, typename ValueT>
constexpr Flags<TagT, ValueT> Flag<TagT, ValueT>::operator^(Flags<TagT, ValueT> others) const {
  return Flags<TagT, ValueT>(*this) ^ others;
}

}  // namespace particle
