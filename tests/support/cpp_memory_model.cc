#include "tests/support/cpp_memory_model.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/support/relation.h"
#include "tests/support/small_program.h"

namespace slabproof::testing {
namespace {

using Kind = Instruction::Kind;
using enum std::memory_order;

constexpr std::size_t kObjects = kSmallAtomics;
constexpr std::size_t kMaxEvents = Relation::kSize;
constexpr std::size_t kNoThread = 99;

struct Event {
  std::size_t thread;
  Instruction instruction;
  bool reads;
  bool writes;
  std::memory_order order;

  [[nodiscard]] bool is_fence() const { return instruction.kind == Kind::kFence; }
  [[nodiscard]] bool acquires() const {
    return (reads || is_fence()) && (order == acquire || order == acq_rel || order == seq_cst);
  }
  [[nodiscard]] bool releases() const {
    return (writes || is_fence()) && (order == release || order == acq_rel || order == seq_cst);
  }
};

Event event_of(std::size_t thread, const Instruction& instruction, bool succeeds) {
  const std::memory_order order = instruction.order;
  switch (instruction.kind) {
    case Kind::kLoad:
      return {thread, instruction, true, false, order};
    case Kind::kStore:
      return {thread, instruction, false, true, order};
    case Kind::kFetchAdd:
    case Kind::kExchange:
      return {thread, instruction, true, true, order};
    case Kind::kFence:
      return {thread, instruction, false, false, order};
    case Kind::kWeakCas:
    case Kind::kStrongCas:
      if (succeeds) return {thread, instruction, true, true, order};
      return {thread, instruction, true, false, instruction.failure};
    default:
      throw std::invalid_argument("an operation that the memory model of the test lacks");
  }
}

/// The executions of a program whose compare-exchanges succeed as chosen: every modification order
/// of each object with every choice of whom each read takes its value from.
class Candidates {
 public:
  Candidates(const SmallProgram& program, const std::vector<bool>& succeeds,
             LoadBuffering load_buffering)
      : threads_(program.size()), load_buffering_(load_buffering) {
    for (std::size_t object = 0; object < kObjects; ++object) {
      const Instruction zero{Kind::kStore, static_cast<std::uint8_t>(object), relaxed, 0};
      events_.push_back({kNoThread, zero, false, true, relaxed});
      modifications_[object] = {object};
    }
    std::size_t exchange = 0;
    for (std::size_t thread = 0; thread < program.size(); ++thread) {
      const std::size_t first = events_.size();
      for (const Instruction& each : program[thread]) {
        add(event_of(thread, each, each.is_compare_exchange() && succeeds[exchange++]), first);
      }
    }
  }

  void collect(std::set<std::string>& outcomes) {
    outcomes_ = &outcomes;
    order_modifications(0);
  }

 private:
  void add(const Event& event, std::size_t first_of_thread) {
    const std::size_t id = events_.size();
    if (id == kMaxEvents) throw std::invalid_argument("too many operations");
    for (std::size_t i = 0; i < kObjects; ++i) initialized_.add(i, id);
    for (std::size_t i = first_of_thread; i < id; ++i) sequenced_.add(i, id);
    if (event.reads) reads_.push_back(id);
    if (event.writes) modifications_[event.instruction.object].push_back(id);
    events_.push_back(event);
  }

  [[nodiscard]] std::size_t object_of(std::size_t id) const {
    return events_[id].instruction.object;
  }

  /// Every order of the modifications of `object` and of those after it; the initial one is first.
  void order_modifications(std::size_t object) {
    if (object == kObjects) return choose_source(0);
    auto& order = modifications_[object];
    std::sort(order.begin() + 1, order.end());
    do {
      order_modifications(object + 1);
    } while (std::next_permutation(order.begin() + 1, order.end()));
  }

  void choose_source(std::size_t read) {
    if (read == reads_.size()) {
      if (is_consistent()) outcomes_->insert(outcome());
      return;
    }
    const std::size_t id = reads_[read];
    const auto& order = modifications_[object_of(id)];
    for (std::size_t i = 0; i < order.size(); ++i) {
      // A read-modify-write reads the modification just before its own.
      if (events_[id].writes && (i + 1 == order.size() || order[i + 1] != id)) continue;
      source_[id] = order[i];
      choose_source(read + 1);
    }
  }

  [[nodiscard]] unsigned value_written(std::size_t id) const {
    const Instruction& instruction = events_[id].instruction;
    if (instruction.kind != Kind::kFetchAdd) return instruction.value;
    return value_written(source_[id]) + instruction.value;
  }

  [[nodiscard]] bool exchanges_as_chosen() const {
    return std::ranges::all_of(reads_, [this](std::size_t id) {
      const Event& event = events_[id];
      if (!event.instruction.is_compare_exchange()) return true;
      const bool is_expected = value_written(source_[id]) + 1 == event.instruction.value;
      if (event.writes) return is_expected;
      return !is_expected || event.instruction.kind == Kind::kWeakCas;
    });
  }

  /// Modifications whose readers synchronise with what released `head`: it and the
  /// read-modify-writes that follow it directly.
  [[nodiscard]] bool is_in_release_sequence(std::size_t head, std::size_t id) const {
    const auto& order = modifications_[object_of(head)];
    auto at = std::ranges::find(order, head);
    while (*at != id) {
      if (++at == order.end() || !events_[*at].reads) return false;
    }
    return true;
  }

  [[nodiscard]] Relation synchronization() const {
    Relation result;
    for (const std::size_t read : reads_) {
      for (const std::size_t head : modifications_[object_of(read)]) {
        if (head < kObjects || !is_in_release_sequence(head, source_[read])) continue;
        for (std::size_t from = kObjects; from < events_.size(); ++from) {
          const bool publishes =
              from == head || (events_[from].is_fence() && sequenced_.has(from, head));
          if (!publishes || !events_[from].releases()) continue;
          for (std::size_t to = kObjects; to < events_.size(); ++to) {
            const bool takes = to == read || (events_[to].is_fence() && sequenced_.has(read, to));
            const bool is_other = events_[from].thread != events_[to].thread;
            if (takes && is_other && events_[to].acquires()) result.add(from, to);
          }
        }
      }
    }
    return result;
  }

  [[nodiscard]] Relation coherence() const {
    Relation result;
    for (const auto& order : modifications_) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t j = i + 1; j < order.size(); ++j) result.add(order[i], order[j]);
      }
    }
    for (const std::size_t read : reads_) {
      const auto& order = modifications_[object_of(read)];
      result.add(source_[read], read);
      for (auto later = std::ranges::find(order, source_[read]) + 1; later < order.end(); ++later) {
        if (*later != read) result.add(read, *later);
      }
    }
    result.close();
    return result;
  }

  [[nodiscard]] bool is_consistent() const {
    if (!exchanges_as_chosen()) return false;
    if (load_buffering_ == LoadBuffering::kForbidden) {
      Relation causes = sequenced_;
      for (const std::size_t read : reads_) causes.add(source_[read], read);
      if (!causes.is_acyclic()) return false;
    }
    const Relation synchronizes = synchronization();
    Relation happens_before = synchronizes;
    happens_before.add(sequenced_);
    happens_before.add(initialized_);
    happens_before.close();
    if (!happens_before.is_irreflexive()) return false;
    const Relation coherent = coherence();
    if (!coherent.is_irreflexive() || !happens_before.then(coherent).is_irreflexive()) return false;
    return has_total_order(synchronizes, happens_before, coherent);
  }

  /// Whether the sequentially consistent operations have a total order as [atomics.order] asks.
  [[nodiscard]] bool has_total_order(const Relation& synchronizes, const Relation& happens_before,
                                     const Relation& coherent) const {
    Relation strongly_before = sequenced_;
    strongly_before.add(sequenced_.then(happens_before).then(sequenced_));
    Relation total;
    for (std::size_t a = kObjects; a < events_.size(); ++a) {
      if (events_[a].order != seq_cst) continue;
      for (std::size_t b = kObjects; b < events_.size(); ++b) {
        if (events_[b].order == seq_cst && synchronizes.has(a, b)) strongly_before.add(a, b);
      }
    }
    strongly_before.close();
    for (std::size_t a = kObjects; a < events_.size(); ++a) {
      for (std::size_t b = kObjects; b < events_.size(); ++b) {
        if (events_[a].order != seq_cst || events_[b].order != seq_cst) continue;
        if (strongly_before.has(a, b) || must_precede(a, b, happens_before, coherent)) {
          total.add(a, b);
        }
      }
    }
    total.close();
    return total.is_irreflexive();
  }

  /// Whether coherence puts one sequentially consistent operation before another; a fence stands
  /// for every operation that happens after it, on the left, or before it, on the right.
  [[nodiscard]] bool must_precede(std::size_t a, std::size_t b, const Relation& happens_before,
                                  const Relation& coherent) const {
    for (std::size_t x = 0; x < events_.size(); ++x) {
      if (events_[a].is_fence() ? !happens_before.has(a, x) : x != a) continue;
      for (std::size_t y = 0; y < events_.size(); ++y) {
        if (events_[b].is_fence() ? !happens_before.has(y, b) : y != b) continue;
        if (coherent.has(x, y)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::string outcome() const {
    std::vector<std::vector<unsigned>> values(threads_);
    for (const std::size_t id : reads_) {
      const Event& event = events_[id];
      const bool exchanged = event.writes && event.instruction.is_compare_exchange();
      values[event.thread].push_back(exchanged ? kExchanged : value_written(source_[id]));
    }
    std::vector<unsigned> memory;
    for (const auto& order : modifications_) memory.push_back(value_written(order.back()));
    memory.resize(kSmallAtomics + kSmallVariables);  // no variable is written
    return outcome_text(values, memory);
  }

  std::size_t threads_;
  LoadBuffering load_buffering_;
  std::vector<Event> events_;
  std::vector<std::size_t> reads_;
  std::array<std::vector<std::size_t>, kObjects> modifications_;
  std::array<std::size_t, kMaxEvents> source_{};
  Relation sequenced_;
  Relation initialized_;
  std::set<std::string>* outcomes_ = nullptr;
};

}  // namespace

std::set<std::string> cpp_outcomes(const SmallProgram& program, LoadBuffering load_buffering) {
  std::size_t exchanges = 0;
  for (const SmallThread& thread : program) {
    exchanges +=
        static_cast<std::size_t>(std::ranges::count_if(thread, &Instruction::is_compare_exchange));
  }
  std::set<std::string> outcomes;
  for (std::size_t choice = 0; choice < std::size_t{1} << exchanges; ++choice) {
    std::vector<bool> succeeds(exchanges);
    for (std::size_t i = 0; i < exchanges; ++i) succeeds[i] = (choice >> i & 1U) != 0;
    Candidates(program, succeeds, load_buffering).collect(outcomes);
  }
  return outcomes;
}

}  // namespace slabproof::testing
