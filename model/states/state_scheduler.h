#ifndef SLABPROOF_MODEL_STATES_STATE_SCHEDULER_H_
#define SLABPROOF_MODEL_STATES_STATE_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/search/state_search.h"
#include "model/states/canonical_state.h"
#include "model/states/shared_states.h"
#include "model/states/state_options.h"
#include "model/states/state_table.h"

namespace slabproof::model {

/// Explores each state once, depth first: an execution that comes to a known state ends there, and
/// the next one goes another way from the last point that has one left. Why nothing is lost is in
/// proofs/states.md. For one search; no two at a time.
///
/// A livelock is a set of states that lead to each other and to no others, while threads have not
/// finished: the strongly connected component without a way out (Tarjan, "Depth-first search and
/// linear graph algorithms", SIAM J. Comput. 1(2), 1972). An execution that leads into it is run
/// once more, without a comparison of states, so that it fails as any other search sees it.
///
/// Several processes can share the search of one program, each with a scheduler and with the same
/// `StateOptions::shared`. No process then sees all ways through the states, so livelocks are not
/// looked for: instead the program's progress shows that no state leads back to itself. It rises
/// with each step, and where a state is reached again it is the same as before; so no sequence of
/// steps closes a circle. Where that is not so, the shares end, and `SharedStates::is_left_to_one`.
class StateScheduler final : public StateSearch {
 public:
  explicit StateScheduler(const StateOptions& options);
  /// Of a share that has not come to its end, what it had to explore is lost: all others stop.
  ~StateScheduler() override;
  StateScheduler(const StateScheduler&) = delete;
  StateScheduler& operator=(const StateScheduler&) = delete;

  /// Of a share, before it begins: waits for something to explore. False if there is nothing.
  [[nodiscard]] bool begin_share();

  [[nodiscard]] bool compares_states() const override { return mode_ == Mode::kCompares; }
  void begin() override;
  [[nodiscard]] std::size_t choose_thread(const SchedulingPoint& at) override;
  [[nodiscard]] std::size_t choose_value(std::size_t count) override;
  [[nodiscard]] bool advance() override;

  [[nodiscard]] StateCounts counts() const override;
  [[nodiscard]] bool has_left_out() const override { return has_left_out_; }
  [[nodiscard]] bool is_out_of_memory() const override { return is_out_of_memory_; }
  [[nodiscard]] std::optional<Failure> missing_failure() override;
  /// Different states with one fingerprint, where whole states are kept.
  [[nodiscard]] std::size_t collisions() const { return table_.collisions(); }

 private:
  enum class Mode : std::uint8_t {
    kCompares,
    kRunsOn,    ///< has failed by what the program tells: it must come out at the end
    kLivelock,  ///< leads into a livelock, which must come out
  };
  /// A state on the present path.
  struct Node {
    std::uint8_t chosen;
    ThreadSet left;          ///< steps that are still to be tried
    std::size_t number;      ///< in `open_`
    std::size_t lowest;      ///< of the states in `open_` that can be reached from here
    bool leads_out;          ///< to an end, or to a state that does
    std::uint32_t progress;  ///< of the program
  };

  std::size_t explore_from(const SchedulingPoint& at);
  void reached_known(const Fingerprint& state);
  [[nodiscard]] StateTable::Found add(const Fingerprint& state);
  [[nodiscard]] StateTable::Found add_shared(const Fingerprint& state);
  [[nodiscard]] bool advance_share();
  void give_away_work();
  [[nodiscard]] std::size_t first_of(ThreadSet set, std::size_t current) const;
  /// Takes the last state off the path. False if it was the last of a livelock.
  [[nodiscard]] bool leave_last();

  const StateOptions options_;
  CanonicalState state_;
  StateTable table_;
  Mode mode_ = Mode::kCompares;
  std::vector<Node> path_;
  std::vector<Fingerprint> open_;       ///< states of which it is not known whether they lead out
  std::size_t depth_ = 0;               ///< of the present execution, in `path_`
  std::vector<std::uint8_t> livelock_;  ///< what was chosen up to one
  bool was_cut_ = false;
  bool has_left_out_ = false;
  bool is_out_of_memory_ = false;
  std::uint64_t transitions_ = 0;
  SharedStates::Work work_;  ///< of a share: where it began
  bool has_work_ = false;
  std::uint64_t states_of_share_ = 0;
  std::uint32_t progress_ = 0;  ///< at the point that was reached last
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_STATE_SCHEDULER_H_
