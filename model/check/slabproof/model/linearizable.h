#ifndef SLABPROOF_MODEL_LINEARIZABLE_H_
#define SLABPROOF_MODEL_LINEARIZABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/runtime/describe.h"
#include "model/search/engine.h"
#include "slabproof/model/call_history.h"

namespace slabproof::model {

/// Whether calls of a concurrent object could have been made one after the other: Herlihy, Wing,
/// "Linearizability: a correctness condition for concurrent objects", ACM TOPLAS 12(3), 1990.
///
/// `Specification` is a sequential object of yours that can be copied and compared with `==`.
///
///     auto& calls = run.template make<Linearizable<std::deque<int>>>();
///     run.thread([&] {
///       calls.call("push 1", [&] { return queue.push(1); },
///                  [](std::deque<int>& q) { q.push_back(1); return true; });
///     });
///     run.after([&] { calls.check(); });
///
/// A call comes before another one where its return happens before the other's beginning, in the
/// sense of the memory model: by the order of a thread, or by what threads tell each other. What
/// only a clock could tell is not looked at, and differs between executions that are explored once.
///
/// The search for an
/// order is exponential in the calls that overlap (Wing, Gong, JPDC 17, 1993), with a memory of
/// what was tried (Lowe, CCPE 29(4), 2017); at most 64 calls.
template <class Specification>
class Linearizable {
 public:
  /// Beside the object under check, with the state that it begins with.
  explicit Linearizable(Specification initial = {},
                        std::source_location where = std::source_location::current())
      : initial_(std::move(initial)), where_(where) {}
  Linearizable(const Linearizable&) = delete;
  Linearizable& operator=(const Linearizable&) = delete;
  /// Calls that nobody has checked would hold for nothing: they end the execution, not judged.
  ~Linearizable() {
    if (history_.has_calls_of_threads() && !is_checked_) CallHistory::report_unchecked(where_);
  }

  /// Makes a call of the object, by `call()`, and gives what it returned.
  /// `reference(specification)` does the same to a sequential object, and returns what the call
  /// would return there. In a thread.
  template <class Call, class Reference>
  auto call(std::string_view name, Call call, Reference reference,
            std::source_location where = std::source_location::current()) {
    const std::size_t number = history_.begin(name, where);
    if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
      call();
      end(number, "done", [reference = std::move(reference)](Specification& specification) {
        reference(specification);
        return true;
      });
    } else {
      auto result = call();
      end(number, result, [result, reference = std::move(reference)](Specification& specification) {
        return reference(specification) == result;
      });
      return result;
    }
  }

  /// Ends the execution as a violation where no order explains what the calls returned. After the
  /// threads.
  void check(std::source_location where = std::source_location::current()) {
    const CheckerScope ours;
    is_checked_ = true;
    history_.require_returned(where);
    std::vector<State> seen;
    if (!explains(initial_, 0, seen)) history_.report(where);
  }

 private:
  /// Calls that were made, in some order, and what they led to; no order of the others goes on
  /// from there.
  struct State {
    std::uint64_t made;
    Specification reached;
  };

  template <class Result, class Step>
  void end(std::size_t number, const Result& result, Step step) {
    const CheckerScope ours;
    history_.end(number, describe(result));
    if (steps_.size() <= number) steps_.resize(number + 1);
    steps_[number] = std::move(step);
  }

  [[nodiscard]] bool explains(const Specification& state, std::uint64_t made,
                              std::vector<State>& seen) const {
    if (history_.are_all(made)) return true;
    for (const State& before : seen) {
      if (before.made == made && before.reached == state) return false;
    }
    for (std::size_t next = 0; next < history_.size(); ++next) {
      if (!history_.may_come_next(next, made)) continue;
      Specification after = state;
      if (steps_[next](after) && explains(after, made | std::uint64_t{1} << next, seen)) {
        return true;
      }
    }
    seen.push_back({made, state});
    return false;
  }

  Specification initial_;
  CallHistory history_;
  std::vector<std::function<bool(Specification&)>> steps_;
  std::source_location where_;
  bool is_checked_ = false;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_LINEARIZABLE_H_
