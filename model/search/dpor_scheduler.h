#ifndef SLABPROOF_MODEL_SEARCH_DPOR_SCHEDULER_H_
#define SLABPROOF_MODEL_SEARCH_DPOR_SCHEDULER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/schedule.h"
#include "model/search/scheduler.h"

namespace slabproof::model {

/// Dynamic partial-order reduction with source sets and sleep sets: algorithm 1 of Abdulla, Aronis,
/// Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014, depth first.
///
/// An execution is a sequence of steps; a step begins with the operation that its thread announced
/// and goes on until the thread announces the next. Two executions are equivalent if swapping
/// adjacent steps that are not `dependent` turns one into the other. At least one execution of each
/// class is explored; one that turns out to repeat a class is `redundant` and counted apart.
///
/// - Values that the memory model leaves open are further branches, explored exhaustively; they
///   depend on nothing but the past of the step that they belong to.
/// - A thread that would wait for a lock is disabled. Where an execution ends in a deadlock, the
///   locks that are waited for are treated as races as well, or the orders in which they are taken
///   first would be lost.
/// - An unlock within a step happens before the next lock of that mutex.
/// - A thread that repeats a turn of a wait has come to its end (see WaitTurns): whatever can
/// happen
///   after the repetition can happen without it. What a yielding thread awaits happens before its
///   next step.
/// - A thread that fails has come to its end as well, and the others go on, so that the races of
///   their steps are found. It is a race with every step without an order with it.
/// - Symmetry: of threads in one class, each makes its first step only after the one before it has.
///   That is as if each thread were created by the first step of the one before it, so the
///   reduction needs nothing else to be sound; every other execution is one of these with threads
///   renamed.
///
/// An exploration can be split into parts that are disjoint and cover everything, without the parts
/// knowing of each other: at the first `split_depth` choices every thread that is awake is
/// explored, lowest first, instead of only those that a race asks for. Sleep sets alone then keep
/// two parts from exploring equivalent executions (Godefroid, "Partial-order methods for the
/// verification of concurrent systems", LNCS 1032, 1996), and whatever race has its early step
/// there finds the other order explored by another part.
class DporScheduler final : public Scheduler {
 public:
  /// Which part of all executions to explore; by default all of them, as one part.
  struct Part {
    enum class Mode : std::uint8_t {
      kExplore,  ///< the executions that begin with `prefix`
      kList,     ///< one execution of each part: its `prefix()` is what names the part
    };
    Mode mode = Mode::kExplore;
    std::size_t split_depth = 0;       ///< for kList; for kExplore, the length of `prefix`
    std::span<const Choice> prefix{};  ///< from an exploration with kList and the same depth
  };

  /// `symmetry_class[t]` names the class of thread t. Empty: no symmetry.
  explicit DporScheduler(std::span<const std::uint8_t> symmetry_class, const Part& part);
  explicit DporScheduler(std::span<const std::uint8_t> symmetry_class = {})
      : DporScheduler(symmetry_class, Part{}) {}

  /// Makes the start of a thread a step like others, so that what fails there is not always first.
  /// Not with symmetry, which orders the first steps that matter.
  void make_starts_steps() noexcept { starts_are_steps_ = true; }

  [[nodiscard]] bool explores_all() const override { return true; }
  [[nodiscard]] bool starts_threads_first() const override { return !starts_are_steps_; }
  void begin() override;
  [[nodiscard]] std::size_t choose_thread(const SchedulingPoint& at) override;
  [[nodiscard]] std::size_t choose_value(std::size_t count) override;
  [[nodiscard]] bool settle_repetition(bool seems) override;
  void failed(std::size_t thread) override;
  void released(std::uint16_t mutex) override;
  void cut_short(const SchedulingPoint& at) override;
  [[nodiscard]] bool advance() override;

  /// Whether the execution just run repeats, from some step on, one that was explored before.
  [[nodiscard]] bool redundant() const noexcept { return redundant_; }

  /// For `kList`: the choices that name the part of the execution just run, or nothing where it
  /// turned out redundant before it reached a part.
  [[nodiscard]] std::optional<std::vector<Choice>> prefix() const;

 private:
  using Time = std::int16_t;
  using Clock = std::array<Time, kMaxModelThreads>;
  using Index = std::int32_t;
  static constexpr Index kNoStep = -1;

  /// A choice of the present execution and what is left to explore there.
  struct Node {
    std::array<Operation, kMaxModelThreads> pending;
    Clock clock;  ///< of the step taken here: the steps that happen before it, and itself
    ThreadSet enabled;
    ThreadSet backtrack;  ///< threads to explore here
    ThreadSet done;       ///< those that have been
    ThreadSet sleep;      ///< those whose step here would repeat what was explored elsewhere
    std::uint8_t chosen;  ///< thread, or value, or whether a thread repeats a turn
    std::uint8_t values;  ///< the last value and one more; 0 for a choice of thread
    [[nodiscard]] bool is_value() const noexcept { return values != 0; }
  };

  /// The steps of the present execution that the next one may race with on one object.
  struct ObjectSteps {
    std::uint64_t execution = 0;
    Index last_write = kNoStep;                       ///< or lock
    Index last_unlock = kNoStep;                      ///< the step that contains it
    std::array<Index, kMaxModelThreads> last_read{};  ///< of each thread since the last write
  };

  /// Steps that a new step may race with, latest dependent ones only.
  struct Candidates {
    std::array<Index, 4 * kMaxModelThreads> index;
    std::size_t count = 0;
    void add(Index step) noexcept {
      if (step != kNoStep) index[count++] = step;
    }
  };

  void push_thread_choice(const SchedulingPoint& at, ThreadSet enabled, ThreadSet sleep);
  [[nodiscard]] bool is_frozen(std::size_t index) const noexcept;
  [[nodiscard]] ThreadSet inherited_sleep() const noexcept;
  [[nodiscard]] ThreadSet startable(ThreadSet enabled) const noexcept;
  [[nodiscard]] ObjectSteps& steps_on(std::uint16_t object) noexcept;

  void take_step(Node& node, Index index, const SchedulingPoint& at);
  void join_enabling_steps(std::size_t thread) noexcept;
  [[nodiscard]] Candidates dependent_steps(std::size_t thread, Operation next) noexcept;
  void find_races(std::size_t thread, Operation next, Index end);
  void reverse(Index early, std::size_t thread, Operation next, Index end);
  void join_dependencies(std::size_t thread, Operation next) noexcept;
  void remember_step(std::size_t thread, Operation done, Index index,
                     const SchedulingPoint& at) noexcept;

  [[nodiscard]] bool happens_before(Index early, const Clock& clock) const noexcept {
    const Node& node = stack_[static_cast<std::size_t>(early)];
    return clock[node.chosen] >= node.clock[node.chosen];
  }
  void join(std::size_t thread, Index early) noexcept;

  const Part part_;
  std::vector<Choice> frozen_;                              // a copy of the prefix to explore under
  std::array<std::uint8_t, kMaxModelThreads> predecessor_;  // in the symmetry class, or itself
  std::vector<Node> stack_;
  std::size_t depth_ = 0;      // nodes of the present execution so far
  std::size_t unchanged_ = 0;  // steps below this index are as in the last execution
  bool redundant_ = false;
  ThreadSet moved_ = 0;  // threads that have made their first step
  std::uint64_t execution_ = 0;
  std::array<Clock, kMaxModelThreads> clock_{};
  std::array<Clock, kMaxModelThreads> yield_clock_{};
  std::array<Index, kMaxModelThreads> first_step_{};
  std::array<Index, kMaxModelThreads> last_step_{};
  std::array<Index, kMaxModelThreads> last_yield_{};
  bool anyone_yielded_ = false;
  bool starts_are_steps_ = false;
  Index last_fence_ = kNoStep;
  std::vector<ObjectSteps> objects_;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_DPOR_SCHEDULER_H_
