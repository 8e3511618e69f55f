// What the compiler's code calls: memory, static objects, and what would be an exception. Each ends in a panic of the
// system's, which blinks its code and resets. All weak: an application may bring its own.
#include <stdlib.h>
#include <new>

#include "device_os/functions.h"

#define REPLACEABLE __attribute__((weak))

namespace {

[[noreturn]] void stop(ePanicCode code) {
  panic_(code, nullptr, HAL_Delay_Microseconds);
  for (;;) continue;
}

}  // namespace

// Null when there is no memory: nothing is built then (-fcheck-new).
REPLACEABLE void* operator new(size_t size) { return malloc(size); }
REPLACEABLE void* operator new[](size_t size) { return malloc(size); }
REPLACEABLE void* operator new(size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
REPLACEABLE void* operator new[](size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
REPLACEABLE void operator delete(void* at) noexcept { free(at); }
REPLACEABLE void operator delete[](void* at) noexcept { free(at); }
REPLACEABLE void operator delete(void* at, size_t) noexcept { free(at); }
REPLACEABLE void operator delete[](void* at, size_t) noexcept { free(at); }

extern "C" {

REPLACEABLE void* __dso_handle = nullptr;

REPLACEABLE void __cxa_pure_virtual() { stop(PanicPureVirtualCall); }
REPLACEABLE void __cxa_deleted_virtual() { stop(PanicPureVirtualCall); }

// Static objects within functions: the first byte says that the object is there.
REPLACEABLE int __cxa_guard_acquire(uint32_t* guard) { return !*reinterpret_cast<volatile char*>(guard); }
REPLACEABLE void __cxa_guard_release(uint32_t* guard) { *reinterpret_cast<volatile char*>(guard) = 1; }
REPLACEABLE void __cxa_guard_abort(uint32_t*) {}

// Nothing outlives the application: destructors of static objects never run.
REPLACEABLE int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
REPLACEABLE int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
REPLACEABLE int atexit(void (*)()) { return 0; }

REPLACEABLE void _exit(int) { stop(PanicExit); }
REPLACEABLE int _getpid() { return 1; }
REPLACEABLE int _kill(int, int) { return -1; }

}  // extern "C"

namespace std {

REPLACEABLE void __throw_bad_function_call() { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_bad_alloc() { stop(PanicOutOfHeap); }
REPLACEABLE void __throw_bad_array_new_length() { stop(PanicOutOfHeap); }
REPLACEABLE void __throw_length_error(const char*) { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_logic_error(const char*) { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_out_of_range(const char*) { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_out_of_range_fmt(const char*, ...) { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_invalid_argument(const char*) { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_runtime_error(const char*) { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_range_error(const char*) { stop(PanicAssertionFailure); }
REPLACEABLE void __throw_overflow_error(const char*) { stop(PanicAssertionFailure); }
REPLACEABLE void terminate() noexcept { stop(PanicAssertionFailure); }

}  // namespace std
