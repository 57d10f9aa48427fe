#include "tests/slab/order_counter.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace slabproof::model {
namespace {

using Kind = Op::Kind;
using Number = std::uint32_t;

constexpr Number kSegmentsPerTrimSection = 64;

struct Segment {
  Number live = 0;
  bool used = false;
  bool claimed = false;  ///< by a trim
};

/// What an allocation that is inside does next.
enum class Stage : std::uint8_t { kGrows, kAwaitsTrims, kParked, kAwaitsGrowths };

struct Thread {
  std::size_t next = 0;  ///< operation that it is in, or that comes next
  bool started = false;  ///< a section of it has run
  bool inside = false;   ///< between two sections of operation `next`
  bool refuse = false;   ///< its next request fails
  bool has_held = false;
  bool has_freed = false;
  Number missing = 0;             ///< allocation: blocks still wanted
  Number seen = 0;                ///< allocation: segments at its last look
  Stage stage = Stage::kGrows;    ///< allocation
  Number awaited = 0;             ///< bit set of threads whose present growth it has seen
  Number examined = 0;            ///< trim: segments behind it
  std::optional<Number> claimed;  ///< trim: segment that it holds
  std::vector<Number> held;       ///< segment of each block, oldest first
};

struct State {
  std::vector<Segment> segments;
  std::vector<Thread> threads;
  Number live = 0;
  Number peak = 0;
};

/// Equal for equal states, and for no others.
std::string key_of(const State& state) {
  std::string key;
  const auto put = [&key](std::size_t value) {
    for (; value >= 0x80; value >>= 7) key += static_cast<char>(0x80 | (value & 0x7f));
    key += static_cast<char>(value);
  };
  put(state.peak);
  put(state.segments.size());
  for (const Segment& segment : state.segments) {
    put(segment.live * 4U + (segment.used ? 1U : 0U) + (segment.claimed ? 2U : 0U));
  }
  for (const Thread& thread : state.threads) {
    put(thread.next);
    put((thread.started ? 1U : 0U) | (thread.inside ? 2U : 0U) | (thread.refuse ? 4U : 0U) |
        (thread.has_freed ? 8U : 0U) | (thread.has_held ? 16U : 0U) |
        static_cast<unsigned>(thread.stage) << 5);
    put(thread.awaited);
    put(thread.missing);
    put(thread.seen);
    put(thread.examined);
    put(thread.claimed ? *thread.claimed + 1 : 0);
    put(thread.held.size());
    for (const Number segment : thread.held) put(segment);
  }
  return key;
}

class Counter {
 public:
  Counter(const Program& program, OrderRules rules, bool merge_equal_threads)
      : program_(program), rules_(rules), merge_equal_threads_(merge_equal_threads) {}

  /// Nothing where a limit was reached; `limit` then says which.
  std::optional<OrderCount> count() {
    State start;
    start.segments.resize(rules_.initial_segments);
    start.threads.resize(program_.threads.size());
    for (std::size_t i = 0; i < start.threads.size(); ++i) skip_idle_operations(start, i);
    return count_from(start);
  }
  [[nodiscard]] const std::string& limit() const { return limit_; }
  [[nodiscard]] std::uint64_t states() const { return known_.size(); }

 private:
  std::optional<OrderCount> count_from(const State& state) {
    std::string key = key_of(state);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    if (known_.size() >= rules_.max_states) {
      limit_ = "The program has more states than this counter holds.";
      return std::nullopt;
    }
    OrderCount total;
    bool is_end = true;
    for (std::size_t i = 0; i < state.threads.size(); ++i) {
      if (state.threads[i].next == program_.threads[i].size()) continue;
      is_end = false;
      if (state.threads[i].inside && waits_on(state, state.threads[i])) continue;
      if (merge_equal_threads_ && !may_start(state, i)) continue;
      State after = state;
      run_section(after, i);
      const auto rest = count_from(after);
      if (!rest) return std::nullopt;
      if (__builtin_add_overflow(total.orders, rest->orders, &total.orders)) {
        limit_ = "The program has more orders than a 64-bit number can count.";
        return std::nullopt;
      }
      total.max_over_growth = std::max(total.max_over_growth, rest->max_over_growth);
      total.max_segments = std::max(total.max_segments, rest->max_segments);
    }
    if (is_end) total = measure(state);
    known_.emplace(std::move(key), total);
    return total;
  }

  [[nodiscard]] OrderCount measure(const State& state) const {
    const auto segments = static_cast<Number>(state.segments.size());
    const Number needed = (state.peak + rules_.capacity - 1) / rules_.capacity;
    return {1, 0, segments - std::max(rules_.initial_segments, needed), segments, 0};
  }

  /// Whether a look of the thread, which is inside, would find nothing and change nothing.
  [[nodiscard]] bool waits_on(const State& state, const Thread& thread) const {
    switch (thread.stage) {
      case Stage::kGrows:
        return false;
      case Stage::kAwaitsTrims:
        return must_await_trims(state, thread, 0);
      case Stage::kParked:
        return must_await_trims(state, thread, first_looked_at(thread));
      case Stage::kAwaitsGrowths:
        if (must_await_trims(state, thread, 0)) return true;
        return !can_serve(state, 1, 0) && (thread.awaited != 0 || any_is(state, Stage::kParked));
    }
    return false;
  }
  [[nodiscard]] bool must_await_trims(const State& state, const Thread& thread,
                                      Number first) const {
    return std::ranges::any_of(state.segments, &Segment::claimed) &&
           !can_serve(state, thread.missing, first);
  }
  [[nodiscard]] bool can_serve(const State& state, Number count, Number first) const {
    Number found = 0;
    for (Number s = first; s < state.segments.size(); ++s) {
      if (!state.segments[s].claimed) found += rules_.capacity - state.segments[s].live;
    }
    return found >= count;
  }
  [[nodiscard]] Number first_looked_at(const Thread& thread) const {
    return thread.refuse || rules_.recheck_all ? 0 : thread.seen;
  }
  [[nodiscard]] bool any_is(const State& state, Stage stage) const {
    return std::ranges::any_of(state.threads, [stage](const Thread& thread) {
      return thread.inside && thread.stage == stage;
    });
  }

  /// Renaming equal threads by the order in which they start makes one order of each orbit.
  [[nodiscard]] bool may_start(const State& state, std::size_t i) const {
    if (state.threads[i].started) return true;
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (program_.threads[earlier] == program_.threads[i] && !state.threads[earlier].started) {
        return false;
      }
    }
    return true;
  }

  /// Moves thread `i` past what takes no lock.
  void skip_idle_operations(State& state, std::size_t i) const {
    Thread& thread = state.threads[i];
    for (; thread.next < program_.threads[i].size(); ++thread.next) {
      const Op op = program_.threads[i][thread.next];
      if (op.kind == Kind::kFailNextRequest) {
        thread.refuse = true;
      } else if (takes_lock(thread, op)) {
        return;
      }
    }
  }

  [[nodiscard]] bool takes_lock(const Thread& thread, Op op) const {
    switch (traits_of(op).needs) {
      case Needs::kHeldBlock: {
        const bool newest = op.kind != Kind::kFree || op.argument == Op::kNewest;
        return newest ? !thread.held.empty() : op.argument < thread.held.size();
      }
      case Needs::kSeenBlock:
        return thread.has_held;
      case Needs::kFreedBlock:
        return thread.has_freed && rules_.detects_second_free;
      case Needs::kNothing:
      case Needs::kGift:
        return true;
    }
    return true;
  }

  void run_section(State& state, std::size_t i) const {
    Thread& thread = state.threads[i];
    const Op op = program_.threads[i][thread.next];
    thread.started = true;
    bool done = true;
    switch (op.kind) {
      case Kind::kFree:
        give_back(state, thread, op.argument == Op::kNewest ? thread.held.size() - 1 : op.argument);
        break;
      case Kind::kFreeAll:
        while (!thread.held.empty()) give_back(state, thread, thread.held.size() - 1);
        break;
      case Kind::kTrim:
        done = trim(state, thread);
        break;
      default:
        if (allocates(op)) done = allocate(state, i, blocks_asked_for(op));
        break;
    }
    thread.inside = !done;
    if (!done) return;
    ++thread.next;
    skip_idle_operations(state, i);
  }

  /// One section of an allocation; true if it was the last.
  bool allocate(State& state, std::size_t i, Number wanted) const {
    Thread& thread = state.threads[i];
    if (!thread.inside) {
      thread.missing = wanted;
      if (must_await_trims(state, thread, 0)) return wait(thread, Stage::kAwaitsTrims);
      take_free(state, thread, 0);
    } else if (thread.stage == Stage::kAwaitsTrims) {
      take_free(state, thread, 0);
    } else if (thread.stage == Stage::kAwaitsGrowths) {
      take_free(state, thread, 0);
      thread.missing = 0;
      thread.awaited = 0;
    } else {
      for (Thread& other : state.threads) other.awaited &= ~(Number{1} << i);
      const Number first = first_looked_at(thread);
      if (must_await_trims(state, thread, first)) return wait(thread, Stage::kParked);
      const bool refused = std::exchange(thread.refuse, false);
      take_free(state, thread, first);
      if (thread.missing > 0 && !refused) {
        state.segments.emplace_back();
        take_free(state, thread, static_cast<Number>(state.segments.size() - 1));
      }
      if (refused && thread.missing == wanted) {
        thread.stage = Stage::kAwaitsGrowths;  // and so not one of those that grow
        thread.awaited = growing(state);
        if (thread.awaited != 0 || any_is(state, Stage::kParked)) return wait(thread, thread.stage);
      }
      if (refused) thread.missing = 0;
    }
    thread.stage = Stage::kGrows;
    thread.seen = thread.missing > 0 ? static_cast<Number>(state.segments.size()) : 0;
    return thread.missing == 0;
  }
  static bool wait(Thread& thread, Stage stage) {
    thread.stage = stage;
    return false;
  }

  /// The threads that are on their way with a segment.
  [[nodiscard]] Number growing(const State& state) const {
    Number threads = 0;
    for (std::size_t i = 0; i < state.threads.size(); ++i) {
      const Thread& thread = state.threads[i];
      if (!thread.inside || thread.stage != Stage::kGrows) continue;
      if (allocates(program_.threads[i][thread.next])) threads |= Number{1} << i;
    }
    return threads;
  }

  void take_free(State& state, Thread& thread, Number first) const {
    for (Number s = first; s < state.segments.size(); ++s) {
      Segment& segment = state.segments[s];
      while (thread.missing > 0 && !segment.claimed && segment.live < rules_.capacity) {
        ++segment.live;
        segment.used = true;
        --thread.missing;
        thread.held.push_back(s);
        thread.has_held = true;
        state.peak = std::max(state.peak, ++state.live);
      }
    }
  }

  static void give_back(State& state, Thread& thread, std::size_t position) {
    --state.segments[thread.held[position]].live;
    --state.live;
    thread.held.erase(thread.held.begin() + static_cast<std::ptrdiff_t>(position));
    thread.has_freed = true;
  }

  /// One section of a trim; true if it was the last.
  bool trim(State& state, Thread& thread) const {
    if (!thread.inside) thread.examined = 0;
    if (thread.claimed) {
      state.segments[*thread.claimed] = Segment{};
      thread.claimed.reset();
    }
    if (any_is(state, Stage::kAwaitsTrims) || any_is(state, Stage::kParked) ||
        any_is(state, Stage::kAwaitsGrowths)) {
      thread.examined = 0;
      return true;
    }
    for (Number left = kSegmentsPerTrimSection; left > 0; --left) {
      if (thread.examined == state.segments.size()) break;
      Segment& segment = state.segments[thread.examined++];
      if (segment.live > 0 || !segment.used || segment.claimed) continue;
      segment.claimed = true;
      thread.claimed = thread.examined - 1;
      return false;
    }
    const bool last = thread.examined == state.segments.size();
    if (last) thread.examined = 0;
    return last;
  }

  const Program& program_;
  const OrderRules rules_;
  const bool merge_equal_threads_;
  std::unordered_map<std::string, OrderCount> known_;
  std::string limit_;
};

std::optional<std::string> why_not(const Program& program, OrderRules rules) {
  if (auto defect = defect_of(program)) return defect;
  if (rules.capacity == 0) return "The capacity is at least 1.";
  for (const std::vector<Op>& ops : program.threads) {
    for (const Op op : ops) {
      if (op.kind == Kind::kGive || op.kind == Kind::kTake) {
        return "\"" + to_text(op) +
               "\" moves a block between threads without the lock, so the orders of this program "
               "are not those of its critical sections alone.";
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::expected<OrderCount, OrderCountError> count_orders(const Program& program, OrderRules rules) {
  if (auto reason = why_not(program, rules)) {
    return std::unexpected(OrderCountError{*std::move(reason), false});
  }
  Counter all(program, rules, false);
  const auto orders = all.count();
  if (!orders) return std::unexpected(OrderCountError{all.limit(), true});
  Counter merged(program, rules, true);
  const auto orbits = merged.count();
  if (!orbits) return std::unexpected(OrderCountError{merged.limit(), true});
  OrderCount count = *orders;
  count.orbits = orbits->orders;
  count.states = all.states();
  return count;
}

}  // namespace slabproof::model
