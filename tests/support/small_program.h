#ifndef SLABPROOF_TESTS_SUPPORT_SMALL_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_SMALL_PROGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "tests/support/place.h"

namespace slabproof::testing {

/// One operation of a program over atomics `x y z w`, mutexes `m0 m1` and plain variables `p0 p1`,
/// all of them 0 at first.
struct Instruction {
  enum class Kind : std::uint8_t {
    kLoad,
    kStore,
    kFetchAdd,
    kExchange,
    kWeakCas,    ///< from `value - 1` to `value`
    kStrongCas,  ///< the same
    kFence,
    kLock,
    kUnlock,
    kRead,
    kWrite,
    kPause,
    kAwait,  ///< loads and pauses until it has read `value`
  };
  Kind kind;
  std::uint8_t object = 0;
  std::memory_order order = std::memory_order::seq_cst;
  std::uint8_t value = 0;
};

using SmallThread = std::vector<Instruction>;
using SmallProgram = std::vector<SmallThread>;

inline std::string to_text(const SmallProgram& program) {
  constexpr std::array<const char*, 13> kNames = {"load",  "store", "add",  "exchange", "weak-cas",
                                                  "cas",   "fence", "lock", "unlock",   "read",
                                                  "write", "pause", "await"};
  constexpr std::array<const char*, 6> kOrders = {"rlx", "con", "acq", "rel", "ar", "sc"};
  std::string text;
  for (const SmallThread& thread : program) {
    if (!text.empty()) text += " | ";
    for (const Instruction& each : thread) {
      text += std::string(kNames[static_cast<std::size_t>(each.kind)]) + "." +
              kOrders[static_cast<std::size_t>(each.order)] + "(" + std::to_string(each.object) +
              "," + std::to_string(each.value) + ") ";
    }
  }
  return text;
}

/// What the executions of a program came to.
struct Findings {
  std::set<std::string> outcomes;  ///< values read, in program order, and the final memory
  /// Mazurkiewicz traces: for each object, the order of its operations up to that of adjacent
  /// loads, with the values read; the order of sequentially consistent fences; of each mutex, the
  /// order of its locks.
  std::set<std::string> traces;
  std::set<std::string> lock_orders;  ///< for each mutex, who locked it, in order
  std::set<model::Defect> violations;
  std::uint64_t complete = 0;  ///< executions that ran to their end, redundant or not
  std::uint64_t repeated = 0;  ///< complete, not called redundant, yet a trace seen before
  model::ExploreResult result;
};

/// Runs a small program and writes down what happens.
class SmallExecution final : public model::Execution {
 public:
  explicit SmallExecution(SmallProgram program) : program_(std::move(program)) {}

  [[nodiscard]] std::size_t thread_count() const override { return program_.size(); }

  void before() override {
    reads_.assign(program_.size(), "");
    steps_.assign(kObjects, {});
    lock_orders_.assign(kMutexes, "");
    state_.make();
  }

  void thread(std::size_t index) override {
    for (const Instruction& each : program_[index]) run(index, each);
  }

  void after() override {
    final_.clear();
    for (auto& atomic : state_->atomics) {
      final_ += std::to_string(atomic.load(std::memory_order::relaxed));
    }
    for (auto& variable : state_->variables) final_ += std::to_string(variable.read());
    state_.end();
  }

  [[nodiscard]] std::string outcome() const {
    std::string text;
    for (const std::string& reads : reads_) text += reads + "|";
    return text + final_;
  }

  [[nodiscard]] std::string lock_orders() const {
    std::string text;
    for (const std::string& order : lock_orders_) text += order + "|";
    return text;
  }

  [[nodiscard]] std::string trace() const {
    std::string text = outcome() + "/" + lock_orders();
    for (const auto& object : steps_) {
      std::multiset<std::string> loads;
      for (const auto& [is_load, what] : object) {
        if (is_load) {
          loads.insert(what);
          continue;
        }
        for (const std::string& load : loads) text += load + "l";
        loads.clear();
        text += what + "w";
      }
      for (const std::string& load : loads) text += load + "l";
      text += "/";
    }
    return text;
  }

 private:
  using Sync = model::RelacySync;
  static constexpr std::size_t kAtomics = 4;
  static constexpr std::size_t kMutexes = 2;
  static constexpr std::size_t kVariables = 2;
  static constexpr std::size_t kFence = kAtomics;
  static constexpr std::size_t kObjects = kAtomics + 1;

  struct State {
    std::array<Sync::Atomic<std::uint8_t>, kAtomics> atomics{
        Sync::Atomic<std::uint8_t>{0}, Sync::Atomic<std::uint8_t>{0}, Sync::Atomic<std::uint8_t>{0},
        Sync::Atomic<std::uint8_t>{0}};
    std::array<Sync::Mutex, kMutexes> mutexes;
    std::array<Sync::Var<std::uint8_t>, kVariables> variables{Sync::Var<std::uint8_t>{0},
                                                              Sync::Var<std::uint8_t>{0}};
  };

  void did(std::size_t thread, std::size_t object, bool is_load) {
    const model::CheckerScope quiet;
    steps_[object].emplace_back(is_load, std::to_string(thread));
  }
  void got(std::size_t thread, unsigned value) {
    const model::CheckerScope quiet;
    reads_[thread] += std::to_string(value);
  }
  void has_locked(std::size_t thread, std::size_t mutex) {
    const model::CheckerScope quiet;
    lock_orders_[mutex] += std::to_string(thread);
  }

  void run(std::size_t thread, const Instruction& each) {
    using Kind = Instruction::Kind;
    auto& atomic = state_->atomics[each.object];
    switch (each.kind) {
      case Kind::kLoad:
        got(thread, atomic.load(each.order));
        return did(thread, each.object, true);
      case Kind::kStore:
        atomic.store(each.value, each.order);
        return did(thread, each.object, false);
      case Kind::kFetchAdd:
        got(thread, atomic.fetch_add(each.value, each.order));
        return did(thread, each.object, false);
      case Kind::kExchange:
        got(thread, atomic.exchange(each.value, each.order));
        return did(thread, each.object, false);
      case Kind::kWeakCas:
      case Kind::kStrongCas:
        return compare_exchange(thread, each);
      case Kind::kFence:
        Sync::fence(each.order);
        if (each.order == std::memory_order::seq_cst) did(thread, kFence, false);
        return;
      case Kind::kLock:
        state_->mutexes[each.object].lock();
        return has_locked(thread, each.object);
      case Kind::kUnlock:
        return state_->mutexes[each.object].unlock();
      case Kind::kRead:
        return got(thread, state_->variables[each.object].read());
      case Kind::kWrite:
        state_->variables[each.object].write() = each.value;
        return;
      case Kind::kPause:
        return Sync::pause();
      case Kind::kAwait:
        while (atomic.load(each.order) != each.value) Sync::pause();
        return;
    }
  }

  void compare_exchange(std::size_t thread, const Instruction& each) {
    auto& atomic = state_->atomics[each.object];
    auto expected = static_cast<std::uint8_t>(each.value - 1);
    const std::memory_order failure = each.order == std::memory_order::seq_cst
                                          ? std::memory_order::seq_cst
                                          : std::memory_order::relaxed;
    const bool done =
        each.kind == Instruction::Kind::kWeakCas
            ? atomic.compare_exchange_weak(expected, each.value, each.order, failure)
            : atomic.compare_exchange_strong(expected, each.value, each.order, failure);
    got(thread, done ? 9 : expected);
    did(thread, each.object, false);
  }

  SmallProgram program_;
  std::vector<std::string> reads_;
  std::vector<std::vector<std::pair<bool, std::string>>> steps_;
  std::vector<std::string> lock_orders_;
  std::string final_;
  Place<State> state_;
};

/// The values that each thread got where there were several: two stores of one value are two.
inline std::string value_choices(std::span<const model::Choice> choices) {
  std::array<std::string, model::kMaxThreads> values;
  std::size_t thread = 0;
  for (const model::Choice choice : choices) {
    if (!choice.is_value()) thread = choice.index();
    if (choice.is_value()) values[thread] += std::to_string(choice.index());
  }
  std::string text;
  for (const std::string& each : values) text += "/" + each;
  return text;
}

/// Explores a small program to the end, past violations.
inline Findings find_all(const SmallProgram& program, model::ExploreOptions options) {
  SmallExecution execution(program);
  Findings findings;
  std::set<std::string> seen;
  options.stop_on_violation = false;
  options.trace = false;
  options.on_execution = [&](const model::ExecutionEnd& end) {
    if (end.failure != nullptr) {
      findings.violations.insert(end.failure->defect);
      return;
    }
    ++findings.complete;
    findings.outcomes.insert(execution.outcome());
    findings.lock_orders.insert(execution.lock_orders());
    findings.traces.insert(execution.trace());
    const bool is_new = seen.insert(execution.trace() + value_choices(end.choices)).second;
    if (!is_new && !end.redundant) ++findings.repeated;
  };
  findings.result = model::explore(execution, options);
  return findings;
}

inline Findings find_all(const SmallProgram& program, model::Search search) {
  model::ExploreOptions options;
  options.search = search;
  return find_all(program, options);
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SMALL_PROGRAM_H_
