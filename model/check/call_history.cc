#include "slabproof/model/call_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/runtime/checker_hooks.h"
#include "model/search/engine.h"

namespace slabproof::model {

std::size_t CallHistory::begin(std::string_view name, std::source_location where) {
  if (calls_.size() == kMaxCalls) {
    abandon_execution(Defect::kUnsupported, "an execution has too many calls of one Linearizable",
                      where);
  }
  const CheckerScope ours;
  const ThreadClock me = Engine::instance().clock();
  Call call{.name = std::string(name),
            .result = {},
            .actor = checker_hooks::running(where).actor,
            .clock = me.index};
  for (std::size_t other = 0; other < calls_.size(); ++other) {
    const Call& earlier = calls_[other];
    // What runs alone comes before all threads or after them.
    const bool is_alone = call.actor == 0 || earlier.actor == 0;
    const bool is_before = earlier.has_returned && (is_alone || earlier.actor == call.actor ||
                                                    me.is_after(earlier.clock, earlier.end));
    if (is_before) call.before |= std::uint64_t{1} << other;
  }
  calls_.push_back(std::move(call));
  return calls_.size() - 1;
}

void CallHistory::end(std::size_t number, std::string result) {
  calls_[number].result = std::move(result);
  calls_[number].has_returned = true;
  calls_[number].end = Engine::instance().clock().tick();
}

bool CallHistory::has_calls_of_threads() const noexcept {
  return std::ranges::any_of(calls_, [](const Call& call) { return call.actor != 0; });
}

bool CallHistory::are_all(std::uint64_t made) const noexcept {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    if ((made >> i & 1) == 0) return false;
  }
  return true;
}

bool CallHistory::may_come_next(std::size_t number, std::uint64_t made) const noexcept {
  return (made >> number & 1) == 0 && (calls_[number].before & ~made) == 0;
}

void CallHistory::report(std::source_location where) const {
  std::string text = "no order of these calls explains what they returned:";
  for (const Call& call : calls_) {
    const std::string thread = call.actor == 0 ? "main" : fmt::format("T{}", call.actor - 1);
    text += fmt::format("\n    {} {} -> {}", thread, call.name, call.result);
  }
  checker_hooks::report("linearizability", text, where);
}

void CallHistory::require_returned(std::source_location where) const {
  for (const Call& call : calls_) {
    if (call.has_returned) continue;
    abandon_execution(Defect::kUnsupported,
                      "a call of a Linearizable has not returned: an exception left it", where);
  }
}

void CallHistory::report_unchecked(std::source_location where) {
  checker_hooks::report_harness_defect(
      "calls of a Linearizable were made, and its check() was not called after the threads", where);
}

}  // namespace slabproof::model
