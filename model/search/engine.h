#ifndef SLABPROOF_MODEL_SEARCH_ENGINE_H_
#define SLABPROOF_MODEL_SEARCH_ENGINE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include "model/search/execution.h"
#include "model/search/execution_result.h"
#include "model/search/failure.h"
#include "model/search/race_cell.h"
#include "model/search/schedule.h"
#include "model/search/scheduler.h"
#include "model/search/trace.h"
#include "model/search/wait_turns.h"

namespace slabproof::model {

class ExecutionRunner;

/// How executions are run.
struct RunSettings {
  /// Whether an unlock is a step of its own. It need not be: while a mutex is held nobody else can
  /// act on it, so an unlock commutes to the left of every step of another thread (Lipton,
  /// "Reduction", CACM 18(12), 1975). That would not hold with a try_lock; there is none.
  bool unlock_is_step = false;
  /// Whether a thread that holds a lock may not allocate: neither on the heap nor memory of the
  /// checker, of which it may release and discard nothing either.
  bool forbid_allocation_under_lock = false;
  /// Whether to refuse what Relacy is known to model wrongly. Off only in tests that show it.
  bool refuse_unmodelled = true;
  /// An execution with more steps is a livelock.
  std::uint32_t step_limit = 20'000;
  /// An execution with more accesses to checked objects hangs in a loop without a step.
  std::uint64_t access_limit = 1'000'000;
  /// A loop that pauses, and of which it is not known that its turns repeat each other, is unrolled
  /// so often before the others must go on first. What is beyond is not explored, so a search in
  /// which that happens is not exhaustive. `retries`: turns that write and lead back to the local
  /// state in which they began. `counted_turns`: turns that read and write the same, but for the
  /// local state; a loop that counts how often it has tried ends within so many. `other_turns`: all
  /// pauses between two steps of another thread that could go on.
  std::uint32_t retries = 2;
  std::uint32_t counted_turns = 8;
  std::uint32_t other_turns = 64;
  /// Whether the others go on where a thread fails, so that a search that goes on after a failure
  /// loses nothing. Only for a scheduler that explores all executions.
  bool outlive_failures = false;
};

/// The execution that runs now: who is about to do what, who may go on, what was chosen so far.
///
/// There is one in a process, as the objects under check must find it. It knows nothing of fibers
/// and memory models: the runner that has these asks it at every scheduling point.
class Engine {
 public:
  enum class Phase : std::uint8_t { kIdle, kBefore, kThreads, kAfter };
  /// How the running thread goes on from a pause.
  enum class Pause : std::uint8_t {
    kPoint,  ///< as from any scheduling point
    kYield,  ///< after the others have made a step
    kStop,   ///< not, or not before another thread has written what it waits for
  };

  /// Objects (mutexes and atomics together) that one actor may make in one execution.
  static constexpr std::size_t kObjectsPerActor = 512;
  static constexpr std::size_t kMaxChoices = std::size_t{1} << 16;

  static Engine& instance() noexcept { return the_engine_; }

  // ---- for the runner ----

  /// `scheduler` is null while the runner's own search decides.
  /// `slots` is how many threads the runner has.
  void begin(Execution& execution, ExecutionRunner& runner, Scheduler* scheduler,
             const RunSettings& settings, Trace* trace, std::size_t slots);
  void end();

  /// Run the parts of the execution on the running fiber.
  void run_before();
  void run_thread(std::size_t index);
  void run_after();

  /// The running thread is about to make a step: which thread goes on? Does not return where none
  /// can.
  [[nodiscard]] std::size_t decide();
  [[nodiscard]] std::size_t decide_value(std::size_t count);
  /// For the runner's own search, which decides by itself.
  void decided(std::size_t thread) noexcept;
  void decided_value(std::size_t value, std::size_t count) noexcept;
  void count_step();
  /// Remembers why the execution is abandoned; the first reason counts.
  void set_failure(Failure failure);
  /// Ends the running execution, or, where others are to go on, its running thread: remembers why,
  /// and leaves the fiber.
  [[noreturn]] void abandon(Defect defect, std::string_view message,
                            const std::source_location& where, std::string_view label);
  /// Nobody can go on: remembers why. That is a deadlock, unless a thread that was stopped could
  /// have gone on.
  void stand_still();

  /// The running thread pauses in that local state; see WaitTurns.
  void end_turn(const std::byte* state);
  /// Whether it may have repeated a turn, and whether it seems so. The search has the last word.
  [[nodiscard]] bool may_be_repetition() const noexcept { return may_be_repetition_; }
  [[nodiscard]] bool seems_repetition() const noexcept {
    return turn_ == WaitTurns::Turn::kRepetition;
  }
  [[nodiscard]] bool settle_repetition();
  [[nodiscard]] Pause pause(bool is_repetition);
  /// The running thread goes on after it paused like that.
  void resume(Pause pause);
  /// Whether a thread was stopped that could go on by now: what follows is explored without the
  /// turn that it has repeated, too.
  [[nodiscard]] bool is_idle_repetition() const noexcept;
  /// Nothing was left but threads that were stopped, and one of them could have gone on.
  [[nodiscard]] bool is_repetition() const noexcept { return is_repetition_; }
  [[nodiscard]] bool is_abandoned() const noexcept { return failure_ || is_repetition_; }

  /// The running thread has failed. True if it stops here and the others go on.
  [[nodiscard]] bool stop_failed_thread();
  /// Whether the execution left out something that no other execution makes up for.
  [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }
  void cut() noexcept { is_cut_ = true; }

  /// The first one.
  [[nodiscard]] const std::optional<Failure>& failure() const noexcept { return failure_; }
  /// Of the execution that runs, or of the last one.
  [[nodiscard]] ExecutionResult result() const noexcept {
    return {.failure = failure_ ? &*failure_ : nullptr,
            .is_repetition = is_repetition_,
            .is_cut = is_cut_,
            .choices = std::span(choices_).first(failure_ ? choices_to_failure_ : choice_count_),
            .end = &at_};
  }
  [[nodiscard]] ThreadSet started() const noexcept { return started_; }
  [[nodiscard]] ThreadSet unfinished() const noexcept { return at_.unfinished; }

  // ---- for the checked objects ----

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] const RunSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] Execution& execution() const noexcept { return *execution_; }
  [[nodiscard]] Trace* trace() const noexcept { return trace_; }
  /// 0 before and after the threads, else one more than the running thread.
  [[nodiscard]] std::size_t actor() const noexcept {
    return phase_ == Phase::kThreads ? running_ + 1 : 0;
  }

  /// A number for a new mutex or atomic, or nothing when the actor has made too many.
  [[nodiscard]] std::optional<std::uint16_t> new_object() noexcept;
  void announce(OperationKind kind, std::uint16_t object) noexcept {
    at_.pending[running_] = {kind, object};
  }
  void mutex_made(std::uint16_t mutex) noexcept { owner_[mutex] = kNoOwner; }
  void locked(std::uint16_t mutex) noexcept;
  void unlocked(std::uint16_t mutex) noexcept;
  /// Locks that the running actor holds.
  [[nodiscard]] unsigned locks_held() const noexcept { return locks_held_[actor()]; }
  [[nodiscard]] bool may_not_allocate() const noexcept {
    return locks_held() != 0 && settings_.forbid_allocation_under_lock;
  }
  [[nodiscard]] bool is_held(std::uint16_t mutex) const noexcept {
    return owner_[mutex] != kNoOwner;
  }
  /// Whether the running actor holds it.
  [[nodiscard]] bool holds(std::uint16_t mutex) const noexcept { return owner_[mutex] == actor(); }
  [[nodiscard]] bool scheduler_owns_mutexes() const noexcept { return scheduler_owns_mutexes_; }
  [[nodiscard]] std::size_t slots() const noexcept { return slots_; }

  // What the running thread has done to an object that others may wait for. Only of interest once
  // someone has paused.
  void note_read(const void* object, std::uint64_t value, bool is_final) {
    if (watches_turns()) [[unlikely]]
      note_watched_read(object, value, is_final);
  }
  void note_write(const void* object, std::uint64_t value) noexcept {
    if (watches_turns()) [[unlikely]]
      note_watched_write(object, value);
  }
  void note_lock(const void* mutex) noexcept {
    if (watches_turns()) [[unlikely]]
      waits_.lock(running_, mutex);
  }
  void note_unlock(const void* mutex) noexcept {
    if (watches_turns()) [[unlikely]]
      waits_.unlock(running_, mutex);
  }
  void note_act() noexcept {
    if (watches_turns()) [[unlikely]]
      waits_.act(running_);
  }

  /// False when this execution has made too many accesses.
  [[nodiscard]] bool count_access() noexcept { return ++accesses_ <= settings_.access_limit; }

  /// Where the running thread is in happens-before; kept up to date by the runner.
  [[nodiscard]] ThreadClock clock() const noexcept { return clock_; }
  void set_clock(ThreadClock clock) noexcept { clock_ = clock; }
  /// Whether one thread runs alone, before or after the others: all is ordered then.
  [[nodiscard]] bool is_alone() const noexcept { return phase_ != Phase::kThreads; }

  /// While the checker itself works, nothing is a step and heap allocations are its own.
  [[nodiscard]] bool quiet() const noexcept { return quiet_; }
  void set_quiet(bool quiet) noexcept { quiet_ = quiet; }

  void fail_next_request() noexcept { fail_next_request_[actor()] = true; }
  [[nodiscard]] bool take_request_failure() noexcept;

 private:
  static constexpr std::uint8_t kNoOwner = 0xff;

  [[nodiscard]] std::string describe_deadlock() const;
  [[nodiscard]] ThreadSet waiting_for_locks() const noexcept;
  void compute_enabled() noexcept;
  void settle_yields() noexcept;
  void yielded() noexcept;
  [[nodiscard]] bool is_to_yield() const noexcept;
  [[nodiscard]] bool watches_turns() const noexcept {
    return anyone_paused_ && phase_ == Phase::kThreads;
  }
  void note_watched_read(const void* object, std::uint64_t value, bool is_final);
  void note_watched_write(const void* object, std::uint64_t value) noexcept;
  void record(Choice choice) noexcept;

  Engine() = default;
  static Engine the_engine_;

  Execution* execution_ = nullptr;
  ExecutionRunner* runner_ = nullptr;
  Scheduler* scheduler_ = nullptr;
  Trace* trace_ = nullptr;
  RunSettings settings_;
  ThreadClock clock_{};
  Phase phase_ = Phase::kIdle;
  std::uint8_t running_ = 0;
  ThreadSet started_ = 0;
  bool anyone_paused_ = false;
  bool anyone_yielded_ = false;
  bool explores_all_ = false;
  bool is_starting_ = false;
  bool is_repetition_ = false;
  bool is_cut_ = false;
  bool quiet_ = false;
  bool scheduler_owns_mutexes_ = false;
  std::size_t slots_ = 0;
  SchedulingPoint at_;
  WaitTurns waits_;
  WaitTurns::Turn turn_ = WaitTurns::Turn::kProgress;  // which the running thread has ended
  bool may_be_repetition_ = false;
  ThreadSet failed_ = 0;
  std::array<ThreadSet, kMaxModelThreads> seen_since_yield_{};
  /// Of each thread, its pauses since the last step of each other one.
  std::array<std::array<std::uint32_t, kMaxModelThreads>, kMaxModelThreads> pauses_since_step_{};
  std::array<std::uint8_t, kMaxModelThreads + 1> locks_held_{};
  std::array<bool, kMaxModelThreads + 1> fail_next_request_{};
  std::array<std::uint16_t, kMaxModelThreads + 1> objects_made_{};
  std::uint32_t steps_ = 0;
  std::uint64_t accesses_ = 0;
  std::size_t choice_count_ = 0;
  std::size_t choices_to_failure_ = 0;
  std::optional<Failure> failure_;
  std::array<std::uint8_t, (kMaxModelThreads + 1) * kObjectsPerActor> owner_{};
  std::array<Choice, kMaxChoices> choices_{};
};

/// While one lives, what runs is the checker and not the program under check: nothing is a step,
/// and a heap allocation is not one of the program's.
class CheckerScope {
 public:
  CheckerScope() noexcept : before_(Engine::instance().quiet()) {
    Engine::instance().set_quiet(true);
  }
  ~CheckerScope() { Engine::instance().set_quiet(before_); }
  CheckerScope(const CheckerScope&) = delete;
  CheckerScope& operator=(const CheckerScope&) = delete;

 private:
  bool before_;
};

/// Ends the running execution, or, where others are to go on, its running thread. `label` is for
/// `Defect::kReported`.
[[noreturn]] inline void abandon_execution(Defect defect, std::string_view message,
                                           const std::source_location& where = {},
                                           std::string_view label = {}) {
  Engine::instance().abandon(defect, message, where, label);
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_ENGINE_H_
