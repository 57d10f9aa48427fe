#ifndef SLABPROOF_TESTS_PROPERTIES_LINEARIZABILITY_H_
#define SLABPROOF_TESTS_PROPERTIES_LINEARIZABILITY_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace slabproof::properties {

/// One step that a thread made, as seen from outside: it took effect at some moment from `invoked`
/// to `responded`. What it was, and what it returned, is in `step`.
template <class Step>
struct TimedStep {
  Step step;
  std::uint64_t invoked = 0;
  std::uint64_t responded = 0;
};

/// The steps of each thread, in the order in which it made them. Steps of one call may share an
/// interval.
template <class Step>
using ConcurrentHistory = std::vector<std::vector<TimedStep<Step>>>;

/// A sequential object: `apply` makes a step, or is false where no sequential object could have
/// returned what the step returned (the state is then of no further use). `encode` appends the
/// state to a string, equal for equal states and for no others.
template <class S>
concept SequentialSpecification =
    std::copyable<S> &&
    requires(S state, const S constant, const typename S::Step step, std::string text) {
      { state.apply(step) } -> std::same_as<bool>;
      { constant.encode(text) } -> std::same_as<void>;
    };

enum class LinearizabilityVerdict : std::uint8_t { kLinearizable, kNotLinearizable, kLimitReached };

struct LinearizabilityResult {
  LinearizabilityVerdict verdict = LinearizabilityVerdict::kLinearizable;
  /// An order of steps, each by its thread, that is legal: of all steps if the history is
  /// linearizable, else the longest one found.
  std::vector<std::size_t> order;
  std::uint64_t configurations = 0;  ///< distinct ones visited
};

/// Decides whether a history is linearizable (Herlihy and Wing, "Linearizability: a correctness
/// condition for concurrent objects", TOPLAS 1990): whether its steps can be put into one order
/// that is legal for the specification, in which a step that responded before another was invoked
/// comes before it.
///
/// The search is Wing and Gong's ("Testing and verifying concurrent objects", JPDC 1993): a step
/// may come next if no step that is still missing responded before it was invoked. With Lowe's
/// memoisation ("Testing for linearizability", CCPE 2017): a configuration, which is the set of
/// steps done and the state they led to, is visited once. Exponential at worst. After `limit`
/// configurations it gives up.
template <SequentialSpecification Specification>
class LinearizabilityChecker {
 public:
  using Step = typename Specification::Step;
  using History = ConcurrentHistory<Step>;

  LinearizabilityChecker(const History& history, std::uint64_t limit)
      : history_(history), limit_(limit), done_(history.size(), 0) {}

  [[nodiscard]] LinearizabilityResult check(const Specification& initial) {
    std::size_t steps = 0;
    for (const auto& thread : history_) steps += thread.size();
    const bool found = extend(initial, steps);
    if (found) {
      result_.verdict = LinearizabilityVerdict::kLinearizable;
    } else if (result_.configurations >= limit_) {
      result_.verdict = LinearizabilityVerdict::kLimitReached;
    } else {
      result_.verdict = LinearizabilityVerdict::kNotLinearizable;
    }
    return std::move(result_);
  }

 private:
  /// Whether the steps not done yet, `missing` of them, can follow in some order. The depth of the
  /// recursion is the number of steps.
  bool extend(const Specification& state, std::size_t missing) {
    if (order_.size() >= result_.order.size()) result_.order = order_;
    if (missing == 0) return true;
    if (result_.configurations >= limit_ || !is_new(state)) return false;
    const std::uint64_t first_response = earliest_response();
    for (std::size_t thread = 0; thread < history_.size(); ++thread) {
      if (done_[thread] == history_[thread].size()) continue;
      const auto& next = history_[thread][done_[thread]];
      if (next.invoked > first_response) continue;
      Specification after = state;
      if (!after.apply(next.step)) continue;
      ++done_[thread];
      order_.push_back(thread);
      const bool found = extend(after, missing - 1);
      --done_[thread];
      order_.pop_back();
      if (found) return true;
    }
    return false;
  }

  /// Among the steps not done. The responses of a thread never decrease, so the next step of each
  /// is enough to look at.
  [[nodiscard]] std::uint64_t earliest_response() const {
    std::uint64_t earliest = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t thread = 0; thread < history_.size(); ++thread) {
      if (done_[thread] == history_[thread].size()) continue;
      earliest = std::min(earliest, history_[thread][done_[thread]].responded);
    }
    return earliest;
  }

  /// Whole configurations are kept, not hashes of them: a collision would refuse a good history.
  bool is_new(const Specification& state) {
    std::string configuration;
    for (const std::size_t done : done_) {
      configuration.append(reinterpret_cast<const char*>(&done), sizeof(done));
    }
    state.encode(configuration);
    const bool added = seen_.insert(std::move(configuration)).second;
    result_.configurations = seen_.size();
    return added;
  }

  const History& history_;
  const std::uint64_t limit_;
  std::vector<std::size_t> done_;   // steps done, by thread
  std::vector<std::size_t> order_;  // the threads that did them
  std::unordered_set<std::string> seen_;
  LinearizabilityResult result_;
};

template <SequentialSpecification Specification>
[[nodiscard]] LinearizabilityResult check_linearizable(
    const ConcurrentHistory<typename Specification::Step>& history, const Specification& initial,
    std::uint64_t limit = 1'000'000) {
  return LinearizabilityChecker<Specification>(history, limit).check(initial);
}

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_LINEARIZABILITY_H_
