#ifndef SLABPROOF_TESTS_SUPPORT_SMALL_FINDINGS_H_
#define SLABPROOF_TESTS_SUPPORT_SMALL_FINDINGS_H_

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
#include "tests/support/small_execution.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {

/// What the executions of a program came to.
struct Findings {
  std::set<std::string> outcomes;  ///< see `outcome_text`
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

/// A small program on Relacy, and in which order its operations ran.
class TracedExecution final : public SmallExecution<model::RelacySync> {
 public:
  explicit TracedExecution(const SmallProgram& program) : SmallExecution(program) {}

  void before() override {
    steps_.assign(kObjects, {});
    lock_orders_.assign(kSmallMutexes, "");
    SmallExecution::before();
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
  static constexpr std::size_t kFences = kSmallAtomics;
  static constexpr std::size_t kObjects = kSmallAtomics + 1;

  void has_run(std::size_t thread, const Instruction& each) override {
    using Kind = Instruction::Kind;
    const model::CheckerScope quiet;
    switch (each.kind) {
      case Kind::kLoad:
      case Kind::kStore:
      case Kind::kFetchAdd:
      case Kind::kExchange:
      case Kind::kWeakCas:
      case Kind::kStrongCas:
        steps_[each.object].emplace_back(each.kind == Kind::kLoad, std::to_string(thread));
        return;
      case Kind::kFence:
        if (each.order != std::memory_order::seq_cst) return;
        steps_[kFences].emplace_back(false, std::to_string(thread));
        return;
      case Kind::kLock:
        lock_orders_[each.object] += std::to_string(thread);
        return;
      default:
        return;
    }
  }

  std::vector<std::vector<std::pair<bool, std::string>>> steps_;
  std::vector<std::string> lock_orders_;
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
  TracedExecution execution(program);
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

#endif  // SLABPROOF_TESTS_SUPPORT_SMALL_FINDINGS_H_
