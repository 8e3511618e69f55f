// An array that grows. What needs memory returns false when there is none, and leaves the array as it was.
#pragma once

#include <stdlib.h>
#include <initializer_list>
#include <new>
#include <utility>

namespace spark {

struct DefaultAllocator {
  static void* malloc(size_t size) { return ::malloc(size); }
  static void* realloc(void* at, size_t size) { return ::realloc(at, size); }
  static void free(void* at) { ::free(at); }
};

template <typename T, typename AllocatorT = DefaultAllocator>
class Vector {
 public:
  typedef T ValueType;
  typedef AllocatorT AllocatorType;

  Vector() = default;
  explicit Vector(int size) { resize(size); }
  Vector(int size, const T& value) { append(size, value); }
  Vector(const T* values, int size) { append(values, size); }
  Vector(std::initializer_list<T> values) { append(values.begin(), static_cast<int>(values.size())); }
  Vector(const Vector<T, AllocatorT>& other) { append(other.data_, other.size_); }
  Vector(Vector<T, AllocatorT>&& other) { swap(*this, other); }
  ~Vector() {
    clear();
    AllocatorT::free(data_);
  }
  Vector<T, AllocatorT>& operator=(Vector<T, AllocatorT> other) {
    swap(*this, other);
    return *this;
  }

  bool append(T value) { return insert(size_, std::move(value)); }
  bool append(int count, const T& value) { return insert(size_, count, value); }
  bool append(const T* values, int count) { return insert(size_, values, count); }
  bool append(const Vector<T, AllocatorT>& other) { return insert(size_, other); }
  bool prepend(T value) { return insert(0, std::move(value)); }
  bool prepend(int count, const T& value) { return insert(0, count, value); }
  bool prepend(const T* values, int count) { return insert(0, values, count); }
  bool prepend(const Vector<T, AllocatorT>& other) { return insert(0, other); }

  bool insert(int at, T value) {
    return make_room(at, 1, [&value](void* place, int) { new (place) T(std::move(value)); });
  }
  bool insert(int at, int count, const T& value) {
    const T kept(value);  // it may be one of these
    return make_room(at, count, [&kept](void* place, int) { new (place) T(kept); });
  }
  bool insert(int at, const T* values, int count) {
    return make_room(at, count, [values](void* place, int i) { new (place) T(values[i]); });
  }
  bool insert(int at, const Vector<T, AllocatorT>& other) {
    if (this != &other) return insert(at, other.data_, other.size_);
    return insert(at, Vector<T, AllocatorT>(other));
  }

  void removeAt(int at, int count = 1) {
    if (count < 0 || count > size_ - at) count = size_ - at;
    for (int i = at; i + count < size_; ++i) data_[i] = std::move(data_[i + count]);
    shrink(size_ - count);
  }
  bool removeOne(const T& value) {
    const int at = indexOf(value);
    if (at >= 0) removeAt(at);
    return at >= 0;
  }
  int removeAll(const T& value) {
    const T kept(value);
    int left = 0;
    for (int i = 0; i < size_; ++i)
      if (!(data_[i] == kept)) {
        if (left != i) data_[left] = std::move(data_[i]);
        ++left;
      }
    const int removed = size_ - left;
    shrink(left);
    return removed;
  }
  T takeFirst() { return takeAt(0); }
  T takeLast() { return takeAt(size_ - 1); }
  T takeAt(int at) {
    T taken(std::move(data_[at]));
    removeAt(at);
    return taken;
  }

  T& first() { return data_[0]; }
  const T& first() const { return data_[0]; }
  T& last() { return data_[size_ - 1]; }
  const T& last() const { return data_[size_ - 1]; }
  T& at(int at) { return data_[at]; }
  const T& at(int at) const { return data_[at]; }
  T& operator[](int at) { return data_[at]; }
  const T& operator[](int at) const { return data_[at]; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  const T* begin() const { return data_; }
  T* end() { return data_ + size_; }
  const T* end() const { return data_ + size_; }

  // The rest for a negative count.
  Vector<T, AllocatorT> copy(int at, int count) const {
    if (count < 0 || count > size_ - at) count = size_ - at;
    return Vector<T, AllocatorT>(data_ + at, count);
  }
  int indexOf(const T& value, int from = 0) const {
    for (int i = from; i < size_; ++i)
      if (data_[i] == value) return i;
    return -1;
  }
  int lastIndexOf(const T& value) const { return lastIndexOf(value, size_ - 1); }
  int lastIndexOf(const T& value, int from) const {
    for (int i = from; i >= 0; --i)
      if (data_[i] == value) return i;
    return -1;
  }
  bool contains(const T& value) const { return indexOf(value) >= 0; }
  Vector<T, AllocatorT>& fill(const T& value) {
    const T kept(value);
    for (T& each : *this) each = kept;
    return *this;
  }

  int size() const { return size_; }
  bool isEmpty() const { return size_ == 0; }
  int capacity() const { return capacity_; }
  bool resize(int size) {
    if (size > size_) return make_room(size_, size - size_, [](void* place, int) { new (place) T(); });
    shrink(size);
    return true;
  }
  bool reserve(int capacity) { return capacity <= capacity_ || relocate(capacity); }
  bool trimToSize() { return capacity_ == size_ || relocate(size_); }
  void clear() { shrink(0); }

  bool operator==(const Vector<T, AllocatorT>& other) const {
    if (size_ != other.size_) return false;
    for (int i = 0; i < size_; ++i)
      if (!(data_[i] == other.data_[i])) return false;
    return true;
  }
  bool operator!=(const Vector<T, AllocatorT>& other) const { return !(*this == other); }

  friend void swap(Vector<T, AllocatorT>& one, Vector<T, AllocatorT>& other) {
    std::swap(one.data_, other.data_);
    std::swap(one.size_, other.size_);
    std::swap(one.capacity_, other.capacity_);
  }

 private:
  // `make` builds each of `count` new elements in its place.
  template <typename Make>
  bool make_room(int at, int count, Make make) {
    if (count <= 0) return true;
    if (size_ + count > capacity_ && !relocate(size_ + count)) return false;
    for (int i = size_ - 1; i >= at; --i) move(data_ + i, data_ + i + count);
    for (int i = 0; i < count; ++i) make(static_cast<void*>(data_ + at + i), i);
    size_ += count;
    return true;
  }
  bool relocate(int capacity) {
    T* place = nullptr;
    if (capacity > 0) {
      place = static_cast<T*>(AllocatorT::malloc(static_cast<size_t>(capacity) * sizeof(T)));
      if (!place) return false;
    }
    for (int i = 0; i < size_; ++i) move(data_ + i, place + i);
    AllocatorT::free(data_);
    data_ = place;
    capacity_ = capacity;
    return true;
  }
  static void move(T* from, T* to) {
    new (static_cast<void*>(to)) T(std::move(*from));
    from->~T();
  }
  void shrink(int size) {
    while (size_ > size) data_[--size_].~T();
  }

  T* data_ = nullptr;
  int size_ = 0;
  int capacity_ = 0;
};

}  // namespace spark
