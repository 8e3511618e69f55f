// An ARM user part that runs: a Cortex-M3 whose calls of Device OS are served by the functions of this folder.
//
// Nothing of the application is trusted: a bad pointer, a fault, a stack or heap at its end is a panic of the device,
// SOS and a reset, as a Photon's. Between slices of its instructions the system has its turn, so that an application
// that never returns stops nothing but itself.
#pragma once

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "debug/debug_port.h"
#include "machine/processor.h"
#include "system/device.h"
#include "system/heap.h"
#include "system/instruments.h"
#include "system/registers.h"
#include "system/schedule.h"
#include "system/stored/module_image.h"
#include "system/stored/user_part.h"
#include "system/threads.h"

namespace vphoton::system {

// What may control or watch a run: null is none. Both outlive the application; with instruments it is some five
// times slower.
struct Attached {
  Schedule* schedule = nullptr;
  Instruments* instruments = nullptr;
};

class Application : public UserPart, private debug::Program {
 public:
  // Runs the module's constructors. Null and a reason if the module has no functions to run. A debugger connects at
  // `debug_port`, which outlives this.
  static std::unique_ptr<UserPart> load(Device& device, const ModuleImage& image, debug::DebugPort& debug_port,
                                        std::string* reason, const Attached& attached = {});
  ~Application() override;

  // UserPart
  SystemMode system_mode() const override { return mode; }
  bool threaded() const override { return has_thread; }
  void setup() override;
  void loop() override;
  void run_threads() override;
  std::optional<uint32_t> threads_due_ms() const override;
  uint32_t free_memory() const override { return heap_.total() - heap_.used(); }
  uint32_t total_memory() const override { return heap_.total(); }
  std::string figures() const override;

  Device& device() { return device_; }

  // For the functions of the system that serve it. Addresses are the application's; one that it has no memory at is a
  // panic.

  // The word at this place of the arguments: 0 ... 3 in registers, the others on the stack.
  uint32_t argument(unsigned place);
  const uint8_t* bytes(uint32_t address, uint32_t size);
  uint8_t* writable(uint32_t address, uint32_t size);
  // Up to the zero byte, or so many characters. Empty for a null pointer.
  std::string text(uint32_t address, uint32_t most = ~0u);
  void write(uint32_t address, const std::string& data);
  template <typename T>
  T get(uint32_t address) {
    T value;
    std::memcpy(&value, bytes(address, sizeof value), sizeof value);
    return value;
  }
  template <typename T>
  void put(uint32_t address, const std::common_type_t<T>& value) {
    std::memcpy(writable(address, sizeof value), &value, sizeof value);
  }
  // The same, unless the pointer is null.
  template <typename T>
  void put_if(uint32_t address, const std::common_type_t<T>& value) {
    if (address) put<T>(address, value);
  }

  // Calls a function of the application's on its own thread and returns its r0; everything may happen meanwhile. Waits
  // while a debugger has stopped the application.
  uint32_t call(uint32_t function, std::initializer_list<uint32_t> arguments);
  // The same on the thread whose call of the system is being served.
  uint32_t call_back(uint32_t function, std::initializer_list<uint32_t> arguments);
  // Does what calls the application: now, or once a debugger that has stopped it lets it go on.
  void when_released(std::function<void()> work);
  // The same as an interrupt does it: later, if the application has interrupts off.
  void interrupt(uint32_t function, uint32_t argument);
  void set_interrupts(bool on);
  bool interrupts() const { return interrupts_on_; }
  // Between two such calls, as of SINGLE_THREADED_BLOCK, no other thread has its turn, unless this one waits. They
  // nest.
  void set_scheduling(bool on);
  bool scheduling() const { return scheduling_off_ == 0; }
  // Whether an interrupt would come now; and whether another thread could have its turn.
  bool interruptible() const;
  bool preemptible() const { return scheduling_off_ == 0 && interruptible(); }

  // Threads.

  Threads& threads() { return threads_; }
  // Null: there is no memory for its stack.
  Thread* start_thread(const std::string& name, uint8_t priority, uint32_t function, uint32_t argument,
                       uint32_t stack_size);
  // Does not return if it is the current one.
  void end_thread(Thread& thread);
  // Equal threads come before the current one.
  void yield();
  // The current thread waits until `ready`, which takes what it waits for, or for so long: false. Others run, and the
  // system has its turns. `object` is a handle to be woken by, `holder` who has it. The call of the system that waits
  // may be served more than once. In an interrupt nothing waits.
  static constexpr uint32_t kForever = 0xFFFFFFFF;
  static constexpr uint32_t kPolled = 1;  // as `object`: it looks again each millisecond
  bool wait(uint32_t ms, uint32_t object, const std::function<bool()>& ready,
            const std::function<uint32_t()>& holder = {});
  void wait_ms(uint32_t ms);

  Heap& heap() { return heap_; }
  // A block of the heap; there being none is a panic.
  uint32_t allocate(uint32_t size);
  // A text in the application's memory as long as this is.
  class Lent {
   public:
    Lent(Application& application, const std::string& text);
    ~Lent() { application_.heap().free(address_); }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;
    uint32_t address() const { return address_; }

   private:
    Application& application_;
    uint32_t address_;
  };

  // Ends the application: says why, then SOS with the code, then a reset.
  [[noreturn]] void panic(uint32_t code, const std::string& why);

  // The address by which the application calls this, for functions that are in no table. Served like those of a table.
  // `name` must stay where it is.
  uint32_t own_function(void (*serve)(Application&), const char* name);

  uint32_t static_ram() const;

  // What the functions of one table keep for this application; made when it is first asked for.
  // By the address of the type's own key: types of one name in several files are one to type_info, with clang.
  template <typename T>
  T& state() {
    static const char key = 0;
    auto& kept = states_[&key];
    if (!kept) kept = std::make_shared<T>();
    return *static_cast<T*>(kept.get());
  }

  // What the application tells the system, each by one table's functions.
  SystemMode mode = SystemMode::Automatic;
  bool has_thread = false;
  std::array<uint8_t, kPinCount> pin_modes{};  // Wiring's numbers; 0: INPUT, as after a reset
  std::vector<uint32_t> led_statuses;          // addresses of LEDStatusData that are active
  uint32_t newlib_state = 0;                   // address of struct _reent, or 0

  machine::Processor& processor() override { return processor_; }
  // Tells accesses of instructions; null: none.
  void observe_memory(machine::Observer* observer) { memory_.set_observer(observer); }

 private:
  Application(Device& device, const ModuleImage& image, debug::DebugPort& debug_port, const Attached& attached);
  std::string activity() const override { return serving_; }
  uint32_t base() const override;
  std::vector<Context> others() const override;
  bool start(std::string* reason);
  // Thrown by what waits, to the place where its thread called the system.
  struct Parked {};
  void run_to_return();
  void switch_to(Thread& thread);
  void finish(Thread& thread);
  Thread* next_thread();
  void choose_thread();
  void step();
  uint64_t budget();
  void systems_turn();
  void run_others();
  void serve(uint32_t address);
  void check_stack();
  uint32_t most_stack(const Thread& thread) const;
  void take_pending();
  void wait_while_stopped();
  [[noreturn]] void fault(const machine::Fault& fault);

  struct Served {
    void (*serve)(Application&) = nullptr;  // null: not modelled
    const char* name = "";
  };
  // By number of the host call: the tables' functions, the same for every application.
  static const std::vector<Served>& tables();
  // A number without a function is a panic.
  Served served(uint32_t address);

  Device& device_;
  Schedule* const schedule_;        // or null
  Instruments* const instruments_;  // or null
  PeripheralRegisters registers_;
  machine::Memory memory_;
  machine::Processor processor_;
  debug::Debugger& debugger_;
  Threads threads_;
  Heap heap_{0, 0};  // no room before pre_init has said where it begins
  const std::vector<Served>& tables_ = tables();
  std::vector<Served> own_functions_;  // their numbers follow those of the tables
  const char* serving_ = "";
  std::array<uint32_t, 4> user_{};  // pre_init, init, setup, loop
  bool interrupts_on_ = true;
  uint32_t scheduling_off_ = 0;                         // how often
  uint32_t next_thread_;                                // its handle
  uint32_t last_thread_;                                // the one that has executed last
  bool by_turns_ = false;                               // an equal one comes before it
  uint64_t slice_left_;                                 // instructions to the system's turn
  uint64_t tick_left_;                                  // instructions to the next thread's
  bool interrupted_ = false;                            // a handler runs: the next one waits, as all have one priority
  std::vector<std::pair<uint32_t, uint32_t>> pending_;  // interrupts: function and argument
  std::unordered_map<const void*, std::shared_ptr<void>> states_;
  std::deque<std::function<void()>> released_;  // what waits for the application to go on
  uint64_t loops_ = 0;                          // and what they have taken, waiting and callbacks included
  uint64_t loop_us_ = 0;
  uint64_t loop_instructions_ = 0;
  uint64_t loop_calls_ = 0;  // of the system
  uint64_t most_loop_instructions_ = 0;
  uint64_t calls_ = 0;
  uint64_t off_since_ = 0;    // instructions executed when interrupts were switched off
  uint64_t longest_off_ = 0;  // instructions with interrupts off
};

}  // namespace vphoton::system
