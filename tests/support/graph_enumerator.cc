#include "tests/support/graph_enumerator.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "tests/support/execution_graph.h"
#include "tests/support/relation.h"

namespace slabproof::testing {
namespace {

using Kind = Instruction::Kind;
using enum std::memory_order;

ExecutionGraph::Event event_of(std::size_t thread, const Instruction& instruction, bool succeeds) {
  const std::memory_order order = instruction.order;
  switch (instruction.kind) {
    case Kind::kLoad:
    case Kind::kAwait:
      return {.thread = thread, .instruction = instruction, .reads = true, .order = order};
    case Kind::kStore:
      return {.thread = thread, .instruction = instruction, .writes = true, .order = order};
    case Kind::kFetchAdd:
    case Kind::kExchange:
      return {thread, instruction, true, true, order};
    case Kind::kWeakCas:
    case Kind::kStrongCas:
      return {thread, instruction, true, succeeds, succeeds ? order : instruction.failure};
    case Kind::kFence:
      return {.thread = thread, .instruction = instruction, .order = order};
    case Kind::kLock:
    case Kind::kUnlock:
    case Kind::kRead:
    case Kind::kWrite:
      return {.thread = thread, .instruction = instruction};
    case Kind::kPause:
      break;
  }
  throw std::invalid_argument("a pause has no place in an execution graph");
}

class Enumerator {
 public:
  Enumerator(const SmallProgram& program, Axioms axioms, std::uint64_t max_candidates)
      : program_(program), axioms_(axioms), candidates_left_(max_candidates) {}

  std::optional<GraphEnumeration> run() {
    choose_ends({});
    return too_many_ ? std::nullopt : std::optional(found_);
  }

 private:
  /// How far the threads after those of `ends` come: to their end, or to where they might wait.
  void choose_ends(std::vector<std::size_t> ends) {
    if (ends.size() == program_.size()) {
      ends_ = ends;
      return choose_successes(0, {});
    }
    const SmallThread& thread = program_[ends.size()];
    for (std::size_t end = 0; end <= thread.size(); ++end) {
      const bool may_wait = end < thread.size() &&
                            (thread[end].kind == Kind::kAwait || thread[end].kind == Kind::kLock);
      if (end < thread.size() && !may_wait) continue;
      ends.push_back(end);
      choose_ends(ends);
      ends.pop_back();
    }
  }

  [[nodiscard]] std::size_t compare_exchanges() const {
    std::ptrdiff_t count = 0;
    for (std::size_t i = 0; i < program_.size(); ++i) {
      const auto end = program_[i].begin() + static_cast<std::ptrdiff_t>(ends_[i]);
      count += std::count_if(program_[i].begin(), end,
                             [](const auto& each) { return each.is_compare_exchange(); });
    }
    return static_cast<std::size_t>(count);
  }

  void choose_successes(std::size_t number, std::vector<bool> succeeds) {
    if (number == compare_exchanges()) {
      begin_graph(succeeds);
      return order_locks(0);
    }
    for (const bool success : {false, true}) {
      succeeds.push_back(success);
      choose_successes(number + 1, succeeds);
      succeeds.pop_back();
    }
  }

  void begin_graph(const std::vector<bool>& succeeds) {
    graph_ = {};
    graph_.threads = program_.size();
    for (std::size_t object = 0; object < kSmallAtomics; ++object) {
      const Instruction zero{Kind::kStore, static_cast<std::uint8_t>(object), relaxed, 0};
      graph_.events.push_back(event_of(program_.size(), zero, false));
      graph_.modifications[object] = {object};
    }
    std::size_t exchange = 0;
    for (std::size_t thread = 0; thread < program_.size(); ++thread) {
      const std::size_t first = graph_.events.size();
      for (std::size_t i = 0; i < ends_[thread]; ++i) {
        const Instruction& each = program_[thread][i];
        add(event_of(thread, each, each.is_compare_exchange() && succeeds[exchange++]), first);
      }
    }
  }

  void add(const ExecutionGraph::Event& event, std::size_t first_of_thread) {
    const std::size_t id = graph_.events.size();
    if (id == Relation::kSize) throw std::invalid_argument("too many operations");
    for (std::size_t i = first_of_thread; i < id; ++i) graph_.sequenced.add(i, id);
    const Instruction& instruction = event.instruction;
    if (event.reads) graph_.reads.push_back(id);
    if (event.writes) graph_.modifications[instruction.object].push_back(id);
    if (instruction.kind == Kind::kLock) graph_.locks[instruction.object].push_back(id);
    graph_.events.push_back(event);
  }

  void order_locks(std::size_t mutex) {
    if (mutex == kSmallMutexes) return order_modifications(0);
    auto& order = graph_.locks[mutex];
    std::ranges::sort(order);
    do {
      order_locks(mutex + 1);
    } while (std::ranges::next_permutation(order).found && !too_many_);
  }

  void order_modifications(std::size_t object) {
    if (object == kSmallAtomics) return choose_source(0);
    auto& order = graph_.modifications[object];
    std::sort(order.begin() + 1, order.end());
    do {
      order_modifications(object + 1);
    } while (std::next_permutation(order.begin() + 1, order.end()) && !too_many_);
  }

  void choose_source(std::size_t read) {
    if (read == graph_.reads.size()) return judge();
    const std::size_t id = graph_.reads[read];
    const auto& order = graph_.modifications[graph_.events[id].instruction.object];
    for (std::size_t i = 0; i < order.size(); ++i) {
      // A read-modify-write reads the write just before its own.
      if (graph_.events[id].writes && (i + 1 == order.size() || order[i + 1] != id)) continue;
      graph_.source[id] = order[i];
      choose_source(read + 1);
    }
  }

  void judge() {
    if (candidates_left_ == 0) too_many_ = true;
    if (too_many_) return;
    --candidates_left_;
    if (!graph_.is_consistent(axioms_)) return;
    bool is_complete = true;
    for (std::size_t thread = 0; thread < program_.size(); ++thread) {
      if (ends_[thread] == program_[thread].size()) continue;
      if (!waits_for_ever(program_[thread][ends_[thread]])) return;
      is_complete = false;
    }
    ++(is_complete ? found_.complete : found_.stuck);
    const bool has_race = graph_.has_race();
    found_.has_race |= has_race;
    if (is_complete && !has_race) found_.outcomes.insert(graph_.outcome());
  }

  [[nodiscard]] bool waits_for_ever(const Instruction& next) const {
    if (next.kind == Kind::kLock) return graph_.ends_locked(next.object);
    return graph_.last_value(next.object) != next.value;
  }

  const SmallProgram& program_;
  Axioms axioms_;
  std::uint64_t candidates_left_;
  bool too_many_ = false;
  std::vector<std::size_t> ends_;
  ExecutionGraph graph_;
  GraphEnumeration found_;
};

}  // namespace

std::optional<GraphEnumeration> enumerate_graphs(const SmallProgram& program, Axioms axioms,
                                                 std::uint64_t max_candidates) {
  return Enumerator(program, axioms, max_candidates).run();
}

}  // namespace slabproof::testing
