#include "model/runtime/relacy_runner.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace {

// Relacy replaces the heap's operators by inline functions, which a compiler emits only where they
// are used. The allocations that the checker must see are elsewhere, so their addresses are taken.
[[gnu::used]] void* (*const kAllocate)(std::size_t) = &::operator new;
[[gnu::used]] void (*const kRelease)(void*) = &::operator delete;

}  // namespace

namespace slabproof::model {
namespace {

constexpr std::size_t kFewestThreads = 2;

template <std::size_t... kIndex>
ExecutionRunner& machine_with(std::size_t threads, std::index_sequence<kIndex...>) {
  // Kept until the process ends, as there may be executions until then.
  static std::array<ExecutionRunner*, sizeof...(kIndex)> machines{};
  ExecutionRunner*& machine = machines[threads - kFewestThreads];
  if (machine == nullptr) {
    ((threads == kIndex + kFewestThreads
          ? void(machine = new RelacyRunner<kIndex + kFewestThreads>())
          : void()),
     ...);
  }
  return *machine;
}

}  // namespace

ExecutionRunner& ExecutionRunner::with_threads(std::size_t threads) {
  return machine_with(std::max(threads, kFewestThreads),
                      std::make_index_sequence<kMaxModelThreads - kFewestThreads + 1>());
}

template <int kThreads>
void Suite<kThreads>::before() {
  RelacyRunner<kThreads>::newest->resume();
  checker_hooks::begin_execution();
  Engine::instance().run_before();
}

template <int kThreads>
void Suite<kThreads>::thread(unsigned index) {
  RelacyRunner<kThreads>::newest->start(index);
  Engine& engine = Engine::instance();
  if (index < engine.execution().thread_count()) engine.run_thread(index);
}

template <int kThreads>
void RelacyRunner<kThreads>::remember_failure(char const* description, rl::test_result_e result) {
  Engine& engine = Engine::instance();
  // What we found ourselves is known already.
  if (engine.is_abandoned()) return;
  engine.set_quiet(true);
  if (result == rl::test_result_deadlock) return engine.stand_still();
  engine.cut();
  std::string_view property = "S8";
  std::string message = rl::test_result_str(result);
  if (result == rl::test_result_livelock ||
      result == rl::test_result_recursion_on_nonrecursive_mutex ||
      result == rl::test_result_unlocking_mutex_wo_ownership) {
    property = "L1";
  } else if (description != nullptr && *description != '\0') {
    message.append(": ").append(description);
  }
  engine.set_failure(property, std::move(message), std::source_location());
}

template <int kThreads>
void* RelacyRunner<kThreads>::checked_allocation(std::size_t size) {
  Engine& engine = Engine::instance();
  if (runs_execution && !engine.quiet() && engine.phase() != Engine::Phase::kIdle &&
      engine.locks_held() != 0) {
    engine.set_quiet(true);
    abandon_execution("S5", "a heap allocation while a lock is held", std::source_location());
  }
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  if (runs_execution && engine.settings().free_abandoned_heap && !engine.quiet() &&
      engine.phase() == Engine::Phase::kThreads) {
    left_behind_.add(memory);
  }
  return memory;
}

template <int kThreads>
void RelacyRunner<kThreads>::checked_free(void* memory) {
  if (runs_execution) left_behind_.remove(memory);
  std::free(memory);
}

}  // namespace slabproof::model
