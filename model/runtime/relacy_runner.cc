#include "model/runtime/relacy_runner.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "model/runtime/relacy_explore.h"

namespace slabproof::model {
namespace {

constexpr std::size_t kFewestThreads = 2;

/// What Relacy's own `operator new`, an inline function that few translation units see, does.
class RelacyHeap final : public CheckedHeap {
 public:
  void* allocate(std::size_t size, std::size_t alignment) override {
    return alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ ? rl::ctx().alloc(size)
                                                         : allocate_outside(size, alignment);
  }
  void release(void* memory) override { rl::ctx().free(memory); }
};

/// What Relacy itself may still find: most of it our own checks find first.
Defect defect_of(rl::test_result_e result) {
  switch (result) {
    case rl::test_result_data_race:
      return Defect::kDataRace;
    case rl::test_result_access_to_freed_memory:
    case rl::test_result_double_free:
      return Defect::kUseAfterFree;
    case rl::test_result_destroying_owned_mutex:
      return Defect::kMutexDestroyedWhileHeld;
    case rl::test_result_memory_leak:
    case rl::test_result_resource_leak:
      return Defect::kLeak;
    case rl::test_result_deadlock:
    case rl::test_result_recursion_on_nonrecursive_mutex:
      return Defect::kDeadlock;
    case rl::test_result_livelock:
      return Defect::kLivelock;
    case rl::test_result_unlocking_mutex_wo_ownership:
      return Defect::kUnlockWithoutLock;
    default:
      return Defect::kInvalidAccess;
  }
}

template <std::size_t... kIndex>
ExecutionRunner& runner_with(std::size_t threads, std::index_sequence<kIndex...>) {
  // Kept until the process ends, as there may be executions until then.
  static std::array<ExecutionRunner*, sizeof...(kIndex)> runners{};
  ExecutionRunner*& runner = runners[threads - kFewestThreads];
  if (runner == nullptr) {
    ((threads == kIndex + kFewestThreads
          ? void(runner = new RelacyRunner<kIndex + kFewestThreads>())
          : void()),
     ...);
  }
  return *runner;
}

}  // namespace

CheckedHeap& relacy_heap() {
  static RelacyHeap heap;
  return heap;
}

ExecutionRunner& relacy_runner(std::size_t threads) {
  return runner_with(std::max(threads, kFewestThreads),
                     std::make_index_sequence<kMaxThreads - kFewestThreads + 1>());
}

ExploreResult explore(Execution& execution, const ExploreOptions& options) {
  return explore(execution, &relacy_runner, options);
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
  Failure failure{.defect = defect_of(result), .message = rl::test_result_str(result)};
  if (description != nullptr && *description != '\0') {
    failure.message.append(": ").append(description);
  }
  engine.set_failure(std::move(failure));
}

template <int kThreads>
void* RelacyRunner<kThreads>::checked_allocation(std::size_t size) {
  Engine& engine = Engine::instance();
  if (runs_execution && !engine.quiet() && engine.phase() != Engine::Phase::kIdle &&
      engine.may_not_allocate()) {
    engine.set_quiet(true);
    abandon_execution(Defect::kAllocationUnderLock, "a heap allocation while a lock is held");
  }
  if (runs_execution && !engine.quiet()) {
    engine.refuse_in_states("a thread allocates on the heap", std::source_location());
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
