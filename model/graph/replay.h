#ifndef SLABPROOF_MODEL_GRAPH_REPLAY_H_
#define SLABPROOF_MODEL_GRAPH_REPLAY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/graph/event.h"
#include "model/graph/explorer.h"
#include "model/graph/rounds.h"
#include "model/graph/run_record.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/fiber.h"
#include "model/search/limits.h"
#include "model/search/scheduler.h"

namespace slabproof::model::graph {

/// One run of a program, which first repeats a graph and then adds to it. Each thread is a fiber;
/// what a thread does next it asks of this object, on its fiber.
///
/// A thread passes an event only after the run has passed what the event reads from, so the run is
/// an order of events that keeps program order, reads-from and the order of locks: memory that is
/// not in the graph, which is the program's own, is as it must be. Only the first thread that can
/// go on adds events, so what is added depends on the graph alone.
class Replay {
 public:
  enum class State : std::uint8_t {
    kReady,
    kWaiting,   ///< for an event of the graph that the run has yet to pass
    kQueued,    ///< for a mutex
    kSpinning,  ///< it would do nothing but repeat the reads that it has made
    kFailed,
    kDone,
  };
  /// How the run came to its end.
  enum class End : std::uint8_t {
    kRunning,
    kComplete,   ///< all threads have finished or failed
    kStuck,      ///< a thread waits for what nobody will do
    kBlocked,    ///< a thread repeats reads of which one could read something newer
    kAbandoned,  ///< left by `abandon`
    kHopeless,   ///< nothing that may follow will ever let a thread go on
    kObserved,   ///< a thread has acted on what a round of another thread has changed for a moment
    kNotSame,    ///< the program does not do again what is in the graph
    kTooLong,    ///< a thread makes more events than it may
  };

  explicit Replay(std::size_t threads);
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  /// Runs the threads, which are those of the engine's execution, after what `before` has done.
  /// With a `guide`, it says which thread does its next operation and what that chooses, as long as
  /// it has something to say; the graph is empty then.
  End run(Explorer& explorer, std::size_t event_limit, Scheduler* guide = nullptr);
  /// What the last run has done.
  [[nodiscard]] std::vector<Choice> choices() const { return record_.choices(graph()); }
  /// Runs a part of the execution that runs alone. False if it was abandoned.
  bool run_alone(void (*part)());

  [[nodiscard]] State state(std::size_t thread) const noexcept { return threads_[thread].state; }
  /// Of a spinning thread: the reads and the failed tries that it would repeat.
  [[nodiscard]] const std::vector<EventId>& repeated(std::size_t thread) const noexcept {
    return threads_[thread].repeated;
  }
  [[nodiscard]] const Graph& graph() const noexcept { return explorer_->graph(); }

  // ---- on the fiber of a thread ----

  /// What came of a read or a read-modify-write.
  struct Outcome {
    std::uint64_t value;
    bool has_written;
  };
  Outcome read(const Event& operation);
  void write(const Event& operation);
  void fence(const Event& operation);
  /// One of the values below `operation.operand`.
  std::size_t choose(const Event& operation);
  void lock(const Event& operation);
  void unlock(const Event& operation);
  /// The address of memory of that sort that was given back; null for fresh memory.
  std::byte* allocate(const Event& operation);
  void free(const Event& operation);
  /// The last event that the running thread has passed. It must have passed one.
  [[nodiscard]] EventId last_passed() const noexcept {
    return {static_cast<std::uint8_t>(running_),
            static_cast<std::uint16_t>(threads_[running_].passed - 1)};
  }
  /// Whether what the running thread has done was caused by `event`.
  [[nodiscard]] bool has_cause(EventId event) const {
    if (threads_[running_].passed == 0) return event.is_initial();
    return graph().at(last_passed()).causes.contains(event);
  }
  /// Does not return where the thread would do the same again and again.
  void pause(const Event& operation);
  /// A try of an `await` begins.
  using Try = checker_hooks::Try;
  [[nodiscard]] Try begin_try() const { return {running().passed, running().acts}; }
  /// It has failed. Does not return where that has changed nothing: the thread waits then.
  void fail_try(const Try& begun);
  /// The thread is about to do something else that others may notice.
  void about_to_act();

  /// The thread has failed, and the others go on.
  void leave_thread();
  /// Ends the run.
  [[noreturn]] void abandon();

 private:
  struct Thread {
    Fiber fiber;
    State state = State::kReady;
    bool must_begin_anew = false;  // its fiber was left in the middle of something
    std::size_t passed = 0;        // events
    EventId needs;
    Rounds rounds;
    std::size_t acts = 0;          // that are no events
    std::size_t round_begin = 0;   // of a spinning thread
    bool waits_by_choice = false;  // it may go on if something else is chosen
    std::vector<EventId> repeated;
    std::vector<PassingChange> passing;  // of its last round
    std::array<std::size_t, kMaxThreads> clock{};
    Replay* replay = nullptr;
    std::size_t index = 0;
  };

  static void run_thread(void* thread);
  static void run_part(void* replay);

  [[nodiscard]] Thread& running() noexcept { return threads_[running_]; }
  [[nodiscard]] const Thread& running() const noexcept { return threads_[running_]; }
  [[nodiscard]] bool is_able(std::size_t thread) const noexcept;
  [[nodiscard]] bool has_passed(EventId event) const noexcept {
    return event.is_initial() || threads_[event.thread].passed > event.index;
  }
  [[nodiscard]] bool is_at_frontier() const noexcept;
  void resume(std::size_t thread);
  void come_to(const Event& operation);
  void spin(std::size_t round_begin);
  void leave_fiber();
  [[noreturn]] void end(End how);
  void wait_for(EventId event);
  void queue_for_unlock(EventId before);
  /// Whether the lock with that write has an unlock; the initial write stands for none before.
  [[nodiscard]] bool has_ended(EventId lock) const {
    return lock.is_initial() || graph().at(lock).unlock != 0;
  }
  void take_turn();
  [[nodiscard]] bool is_guided() const { return guide_ != nullptr && guide_->has_more(); }
  [[nodiscard]] std::size_t choose_thread();
  void ask_guide();
  void add_read(const Event& operation);
  void add_write(const Event& operation);
  void add_allocation(const Event& operation);
  void note_step();
  void pass(std::size_t count);
  void tell_clock();
  void check_same(const Event& found, const Event& operation);
  [[nodiscard]] End outcome() const;
  [[nodiscard]] bool is_hopeless(EventId read) const;
  [[nodiscard]] bool is_stuck(std::size_t thread) const;
  [[nodiscard]] bool is_never_given_back(Location mutex) const;
  [[nodiscard]] bool reads_newest(EventId read) const;
  [[nodiscard]] bool sees_passing_change(const Event& read) const;
  [[nodiscard]] bool is_in_round(EventId event) const;
  [[nodiscard]] bool any_round_is_observed() const;

  std::size_t thread_count_;
  Explorer* explorer_ = nullptr;
  std::array<Thread, kMaxThreads> threads_;
  Fiber main_;
  Fiber alone_;
  bool alone_must_begin_anew_ = false;
  std::array<std::size_t, kMaxThreads> alone_clock_{};
  bool runs_alone_ = false;
  void (*part_)() = nullptr;
  std::size_t running_ = 0;
  std::size_t event_limit_ = 0;
  RunRecord record_;
  Scheduler* guide_ = nullptr;
  std::optional<std::size_t> chosen_;  // by the guide, to go on next
  End end_ = End::kRunning;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_REPLAY_H_
