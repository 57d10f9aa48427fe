#ifndef SLABPROOF_MODEL_SEARCH_ENGINE_H_
#define SLABPROOF_MODEL_SEARCH_ENGINE_H_

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/search/execution.h"
#include "model/search/execution_result.h"
#include "model/search/failure.h"
#include "model/search/local_state.h"
#include "model/search/memory_model.h"
#include "model/search/race_cell.h"
#include "model/search/repeated_read.h"
#include "model/search/repeated_try.h"
#include "model/search/schedule.h"
#include "model/search/scheduler.h"
#include "model/search/source_place.h"
#include "model/search/trace.h"
#include "model/search/wait_turns.h"

namespace slabproof::model {

class ExecutionRunner;

/// Whether the calling thread of the operating system runs an execution. In all others, objects
/// under check may not be touched.
inline constinit thread_local bool runs_execution = false;

/// How executions are run.
struct RunSettings {
  /// Whether an unlock is a step of its own. It need not be: while a mutex is held nobody else can
  /// act on it, so an unlock commutes to the left of every step of another thread (Lipton,
  /// "Reduction", CACM 18(12), 1975). A try_lock does not change that: it fails without a look at
  /// the mutex, or it waits for it.
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
  /// For searches of execution graphs: not that of Relacy.
  MemoryModel memory_model = MemoryModel::kCpp20;
  /// For searches of execution graphs: a weak compare-exchange that would succeed fails so often in
  /// one thread. For all searches: so often a thread's waits for conditions end without a cause.
  std::uint32_t spurious_failures = 1;
  /// A thread's try_locks fail so often, as a try_lock may at any time. An execution in which one
  /// could have failed once more is cut: the search is not exhaustive.
  std::uint32_t failed_tries = 2;
  /// For searches of execution graphs: memory that was given back may be what a later request of
  /// the same size and alignment gets, in each way that a heap may choose; else each request gets
  /// fresh memory.
  bool reuse_memory = true;
  /// For searches of execution graphs: memory that is allocated with `new` and never freed is a
  /// failure, as it is in all other searches. Not of what runs after the threads. Nothing may
  /// outlive an execution then: not what a library keeps from its first use on.
  bool report_leaks = false;
  /// Seconds without any step or access after which an execution is given up; 0: no limit.
  double stall_limit = 10;
  /// Whether what threads have allocated with `new` is freed where a failure abandons the
  /// execution. Nothing that outlives an execution may hold such memory then: not a container of
  /// the Execution that a thread adds to, nor what a library keeps from its first use on.
  bool free_abandoned_heap = false;
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

  // ---- for a search ----

  /// How far an execution is. It differs whenever something has happened in between.
  struct Progress {
    std::uint64_t executions = 0;
    std::uint64_t accesses = 0;
    std::uint32_t steps = 0;
    friend bool operator==(const Progress&, const Progress&) = default;
  };

  /// From now on, executions that begin with the same choices are expected to do the same.
  void begin_search() noexcept;
  void end_search() noexcept { compares_ = false; }
  /// Whether something that the checker does not control has taken part in an execution since
  /// `begin_search`. Then `failure()` says what, nothing can be said about the program, and the
  /// search must end.
  [[nodiscard]] bool uncontrolled() const noexcept { return uncontrolled_; }
  [[nodiscard]] Progress progress() const noexcept { return {executions_, accesses_, steps_}; }
  /// Where what was explored since `begin_search` is known to differ from C++20, a sentence for
  /// each place in the program.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
  /// Remembers such a thing, for an execution that has ended.
  void set_uncontrolled(std::string message, const std::source_location& where);
  /// The same while one runs, which it ends.
  [[noreturn]] void abandon_uncontrolled(std::string message, const std::source_location& where);
  [[noreturn]] void abandon_as_not_the_same();

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
  /// Another thread goes on, as the only one that can.
  void switched_to(std::size_t thread) noexcept { running_ = static_cast<std::uint8_t>(thread); }
  void decided_value(std::size_t value, std::size_t count) noexcept;
  void count_step();
  /// Verifies, before a choice, that an execution which began with the same choices had seen the
  /// same operations and values by then.
  void check_same_again() {
    if (same_choices_ && choice_count_ < choices_before_ && seen_before_[choice_count_] != seen_)
        [[unlikely]] {
      abandon_as_not_the_same();
    }
  }
  /// Remembers why the execution is abandoned; the first reason counts.
  void set_failure(Failure failure);
  /// Remembers an object that was alive in memory that was given back; the first one counts. What
  /// follows may show a worse failure, so this is one only where there is no other in the end.
  void note_survivor(Failure failure);
  [[nodiscard]] const std::optional<Failure>& survivor() const noexcept { return survivor_; }
  /// As if it had not happened.
  void forget_failure() noexcept { failure_.reset(); }
  /// Ends the running execution, or, where others are to go on, its running thread: remembers why,
  /// and leaves the fiber.
  [[noreturn]] void abandon(Defect defect, std::string_view message,
                            const std::source_location& where, std::string_view label);
  /// The same where the failure is set already.
  [[noreturn]] void leave(Defect defect);
  /// Nobody can go on: remembers why. That is a deadlock, unless a thread that was stopped could
  /// have gone on.
  void stand_still();

  /// The running thread pauses in that local state; see WaitTurns.
  void end_turn(const LocalState& state);
  /// The same in a wait that knows nothing of the tries before, whatever lies on the stack.
  void end_turn_of(std::uint64_t wait);
  /// Names a wait that begins.
  [[nodiscard]] std::uint64_t begin_wait() noexcept { return ++waits_begun_; }
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

  // ---- for a search that compares states ----

  /// Where a thread stands that is at a point.
  struct Parked {
    LocalState state;
    const std::byte* base = nullptr;  ///< where its part of the stack ends; null before the first
    bool is_apart = false;            ///< it is in such a part now
  };
  [[nodiscard]] bool compares_states() const noexcept { return compares_states_; }
  /// Whether it takes a pause for a point like any other, for now.
  [[nodiscard]] bool pauses_are_points() const {
    return compares_states_ && scheduler_->compares_states();
  }
  [[nodiscard]] const Parked& parked(std::size_t thread) const noexcept { return parked_[thread]; }
  /// See `ExecutionRunner::clock_of`.
  [[nodiscard]] const std::size_t* clock_of(std::size_t thread) const;
  /// The running thread is about to reach a point, and has noted its local state.
  void park() noexcept {
    if (compares_states_) parked_[running_].state = local_state();
  }
  /// Runs `body`, which must be code under check, such that its local state is all that the running
  /// thread knows, but for what the program tells by `Execution::state`.
  template <class Body>
  void call_apart(Body body) {
    if (!compares_states_ || phase_ != Phase::kThreads) return body();
    std::exception_ptr thrown;
    auto guarded = [&]() noexcept {
      try {
        body();
      } catch (...) {
        thrown = std::current_exception();
      }
    };
    Parked& parked = parked_[running_];
    parked.is_apart = true;
    slabproof_call_apart([](void* call) { (*static_cast<decltype(guarded)*>(call))(); }, &guarded,
                         &parked.base);
    parked.is_apart = false;
    if (thrown) std::rethrow_exception(thrown);
  }
  /// The program does something that such a search does not see in its states. Returns where no
  /// such search runs.
  void refuse_in_states(std::string_view what, const std::source_location& where) {
    if (compares_states_ && phase_ == Phase::kThreads) [[unlikely]]
      refuse_unseen(what, where);
  }
  /// Ends the execution, in a state that was reached before.
  [[noreturn]] void leave_known_state();

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

  /// "thread 1", or what runs before or after the threads.
  [[nodiscard]] std::string actor_name() const;
  /// The program has seen a value, or an operation has been announced.
  void saw(std::uint64_t bits) noexcept {
    constexpr std::uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;  // 2^64 over the golden ratio
    seen_ = (std::rotl(seen_, 29) ^ bits) * kOdd;
  }
  /// Called in a thread of the operating system that the checker did not start, which uses an
  /// object under check at `where`. Does not return: it waits until the process ends, as there is
  /// nothing that it could be given. Ends the process where no execution runs.
  [[noreturn]] static void refuse_foreign_use(const std::source_location& where) noexcept;
  /// Where that happened, if it did. Safe in a signal handler.
  [[nodiscard]] static const std::source_location* foreign_use() noexcept {
    return foreign_use_.load(std::memory_order::acquire);
  }

  /// A number for a new mutex or atomic, or nothing when the actor has made too many.
  [[nodiscard]] std::optional<std::uint16_t> new_object() noexcept;
  void announce(OperationKind kind, std::uint16_t object) noexcept {
    at_.pending[running_] = {kind, object};
    saw(static_cast<std::uint64_t>(kind) << 32 | object);
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
  /// The next lock of the running thread is that of a try_lock, which could have failed instead of
  /// waiting.
  [[nodiscard]] bool may_fail_to_lock() const noexcept {
    return failed_tries_[running_] < settings_.failed_tries;
  }
  void failed_to_lock(std::uint16_t mutex);
  /// The running thread is about to try a mutex. Whether it does nothing but that again and again,
  /// and waits: one more failure would lead it to where it is.
  [[nodiscard]] bool repeats_failed_try(const void* mutex);
  [[nodiscard]] bool may_happen_without_cause() const noexcept {
    return without_cause_[running_] < settings_.spurious_failures;
  }
  void happened_without_cause() noexcept { ++without_cause_[running_]; }
  /// The next lock of the running thread stands for tries without end.
  void begin_retry() noexcept { retrying_ |= just(running_); }
  void end_retry() noexcept { retrying_ = without(retrying_, just(running_)); }
  void begin_try_lock() noexcept { trying_ |= just(running_); }
  void end_try_lock() noexcept { trying_ = without(trying_, just(running_)); }
  [[nodiscard]] bool scheduler_owns_mutexes() const noexcept { return scheduler_owns_mutexes_; }
  [[nodiscard]] std::size_t slots() const noexcept { return slots_; }
  // What Relacy models otherwise than C++20.
  /// A plain store to an atomic is not ordered by happens-before with the plain store before it.
  void note_unordered_store(std::string_view object, const std::source_location& where);
  void note_seq_cst_access() noexcept { has_seq_cst_access_ = true; }
  void note_seq_cst_fence() noexcept { has_seq_cst_fence_ = true; }
  /// Whether a failure of the execution may rest on how these two are ordered with each other.
  [[nodiscard]] bool orders_fences_with_accesses() const noexcept {
    return has_seq_cst_access_ && has_seq_cst_fence_;
  }

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
  [[nodiscard]] bool count_access(const std::source_location& where) noexcept {
    last_access_ = where;
    return ++accesses_ <= settings_.access_limit;
  }
  /// The running thread is about to read an atomic. True if it may be in a loop that does nothing
  /// else and never pauses.
  [[nodiscard]] bool may_wait(const void* object, const std::source_location& where) noexcept {
    return repeated_reads_[running_].reaches(object, where);
  }
  /// It seemed so, but it does not repeat a turn for sure.
  void does_not_wait() {
    if (seems_repetition()) waits_.begin_again(running_);
  }
  void forget_repeated_reads() noexcept { repeated_reads_[running_].forget(); }
  /// The search has decided something that it could have decided otherwise.
  void note_choice() {
    if (watches_turns()) waits_.doubt(running_);
  }

  /// Where the running thread is in happens-before; kept up to date by the runner.
  [[nodiscard]] ThreadClock clock() const noexcept { return clock_; }
  void set_clock(ThreadClock clock) noexcept { clock_ = clock; }
  /// Whether one thread runs alone, before or after the others: all is ordered then.
  [[nodiscard]] bool is_alone() const noexcept { return phase_ != Phase::kThreads; }

  /// While the checker itself works, nothing is a step and heap allocations are its own.
  [[nodiscard]] bool quiet() const noexcept { return quiet_; }
  void set_quiet(bool quiet) noexcept { quiet_ = quiet; }

  /// What the running actor runs when it ends, as its last steps: the newest first. One that is
  /// added by then runs as well. `exit` must stay valid until then.
  void at_exit(void (*exit)() noexcept, const std::source_location& where);
  /// Differs for each execution of a process.
  [[nodiscard]] std::uint64_t execution_number() const noexcept { return executions_; }

  void fail_next_request() noexcept { fail_next_request_[actor()] = true; }
  [[nodiscard]] bool take_request_failure() noexcept;
  [[nodiscard]] bool will_fail_next_request(std::size_t thread) const noexcept {
    return fail_next_request_[thread + 1];
  }
  /// Who holds the mutex: an actor, or nobody.
  [[nodiscard]] std::optional<std::size_t> holder_of(std::uint16_t mutex) const noexcept {
    return owner_[mutex] == kNoOwner ? std::nullopt : std::optional<std::size_t>(owner_[mutex]);
  }

 private:
  static constexpr std::uint8_t kNoOwner = 0xff;

  [[noreturn]] void refuse_unseen(std::string_view what, const std::source_location& where);
  /// Where nobody can go on: whether a thread would repeat itself for ever.
  [[nodiscard]] bool is_livelock() const noexcept {
    return at_.stopped != 0 || (retrying_ & at_.unfinished) != 0;
  }
  [[nodiscard]] std::string describe_standstill() const;
  [[nodiscard]] ThreadSet waiting_for_locks() const noexcept;
  /// Whether the last turn of a thread could be another one by now.
  [[nodiscard]] bool may_differ(std::size_t thread) const noexcept;
  /// Grows with all that the execution does but for choices.
  [[nodiscard]] std::uint64_t done() const noexcept { return accesses_ + steps_; }
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
  /// Runs a part of the execution; an exception that leaves it is a failure.
  template <class Part>
  void run_part(Part part);
  void run_exits();
  void note_exception(std::string_view what);

  Engine() = default;
  static Engine the_engine_;
  // Written by threads that the checker did not start.
  static inline std::atomic<const std::source_location*> foreign_use_ = nullptr;
  static inline std::atomic<bool> any_execution_runs_ = false;

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
  bool compares_states_ = false;
  bool scheduler_owns_mutexes_ = false;
  std::size_t slots_ = 0;
  SchedulingPoint at_;
  WaitTurns waits_;
  WaitTurns::Turn turn_ = WaitTurns::Turn::kProgress;  // which the running thread has ended
  bool may_be_repetition_ = false;
  std::source_location last_access_;
  std::uint64_t waits_begun_ = 0;  // in this execution
  std::array<Parked, kMaxThreads> parked_{};
  std::array<RepeatedRead, kMaxThreads> repeated_reads_;
  std::array<RepeatedTry, kMaxThreads> repeated_tries_;
  std::array<std::uint32_t, kMaxThreads> failed_tries_{};
  std::array<std::uint32_t, kMaxThreads> without_cause_{};
  ThreadSet trying_ = 0;    // threads in a lock that is that of a try_lock
  ThreadSet retrying_ = 0;  // and in one that stands for a loop of them
  ThreadSet failed_ = 0;
  std::array<ThreadSet, kMaxThreads> seen_since_yield_{};
  /// Of each thread, its pauses since the last step of each other one.
  std::array<std::array<std::uint32_t, kMaxThreads>, kMaxThreads> pauses_since_step_{};
  std::array<std::uint8_t, kMaxThreads + 1> locks_held_{};
  std::array<bool, kMaxThreads + 1> fail_next_request_{};
  std::array<std::uint16_t, kMaxThreads + 1> objects_made_{};
  static constexpr std::size_t kExitsPerActor = 8;
  std::array<std::array<void (*)() noexcept, kExitsPerActor>, kMaxThreads + 1> exits_{};
  std::array<std::uint8_t, kMaxThreads + 1> exit_count_{};
  std::uint32_t steps_ = 0;
  std::uint64_t accesses_ = 0;
  std::uint64_t executions_ = 0;
  std::uint64_t seen_ = 0;  // a digest of what the execution has seen
  bool compares_ = false;
  bool uncontrolled_ = false;
  bool has_seq_cst_access_ = false;
  bool has_seq_cst_fence_ = false;
  std::vector<SourcePlace> warned_at_;
  std::vector<std::string> warnings_;
  bool same_choices_ = false;       // as the execution before, so far
  std::size_t choices_before_ = 0;  // of the execution before, in which `choices_` still has them
  std::size_t choice_count_ = 0;
  std::size_t choices_to_failure_ = 0;
  std::optional<Failure> failure_;
  std::optional<Failure> survivor_;
  std::array<std::uint8_t, (kMaxThreads + 1) * kObjectsPerActor> owner_{};
  std::array<Choice, kMaxChoices> choices_{};
  std::array<std::uint64_t, kMaxChoices> seen_before_{};  // `seen_` at each of them
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
/// The same with a message that the caller has made, and whose destructor would never run.
template <std::same_as<std::string> Text>
[[noreturn]] void abandon_execution(Defect defect, Text&& message,
                                    const std::source_location& where = {}) {
  static std::string kept;
  kept = std::string(std::move(message));  // so that the caller's is left with no memory
  abandon_execution(defect, std::string_view(kept), where);
}

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_ENGINE_H_
