#ifndef SLABPROOF_MODEL_CHECK_H_
#define SLABPROOF_MODEL_CHECK_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/runtime/checker_hooks.h"
#include "model/runtime/describe.h"
#include "model/search/engine.h"
#include "model/search/explore.h"
#include "model/search/simpler_schedule.h"
#include "slabproof/model/checked.h"

/// The model checker for classes of your own: a program is a function that makes objects and says
/// what threads do with them, and `check` runs it under every schedule.
///
///     const auto result = slabproof::model::check([](slabproof::model::Run& run) {
///       auto& ring = run.make<SpscRing<slabproof::model::Checked>>(2);
///       run.thread([&] { ring.push(1); });
///       run.thread([&] { if (auto v = ring.pop()) run.observe(*v); });
///       run.after([&] { slabproof::model::expect(ring.size() <= 2); });
///     });
///
/// What is found: data races of `Checked::Var` and `checked::plain`, use after free, double free,
/// leaks, deadlocks, livelocks, crashes, exceptions that leave a thread, and what `expect` says.
///
/// The function is called anew for each execution, which may depend on nothing else: neither on
/// what an execution before has left, nor on a clock, a random number or an address. It may
/// allocate as it likes. What threads refer to is made by `make`: a local variable of the function
/// is gone when they run.
namespace slabproof::model {

/// A primitive of the checked sync policy, or a class that adds to one.
template <class T>
concept CheckedObject = std::derived_from<T, Checked::Mutex> || requires(const T& object) {
  []<class Value>(const Checked::Var<Value>&) {}(object);
} || requires(const T& object) { []<class Value>(const Checked::Atomic<Value>&) {}(object); };

/// One execution, as the program sees it. Its functions may be called where they say so.
class Run {
 public:
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// An object that lives until `after` has run; the newest ends first. Before the threads.
  template <class T, class... Arguments>
  T& make(Arguments&&... arguments) {
    checker_hooks::require_beginning(std::source_location::current());
    void* const memory = place(sizeof(T), alignof(T));
    T* const object = ::new (memory) T(std::forward<Arguments>(arguments)...);
    own(object, [](void* owned) noexcept { static_cast<T*>(owned)->~T(); });
    return *object;
  }

  /// A thread. Before the threads; at most `kMaxThreads`, in the same number in each execution.
  /// What `body` holds ends as an object of `make` does.
  template <class Body>
    requires std::invocable<Body&>
  void thread(Body body) {
    thread({}, std::move(body));
  }
  /// With a name, by which traces call it.
  template <class Body>
    requires std::invocable<Body&>
  void thread(std::string_view name, Body body) {
    ++symmetry_class_;
    add_thread(name, keep(std::move(body)));
  }
  /// So many threads that do the same. Of executions that differ only in which of them is which,
  /// one is explored; under kGraph where they begin with a lock of one mutex. `body` must not
  /// depend on which thread it runs in.
  template <class Body>
    requires std::invocable<Body&>
  void threads(std::size_t count, Body body) {
    const Part shared = keep(std::move(body));
    ++symmetry_class_;
    for (std::size_t i = 0; i < count; ++i) add_thread({}, shared);
  }

  /// A thread that begins when another one starts it, and that can be waited for. Each must be
  /// started once in each execution.
  class Spawned {
   public:
    /// What comes before is seen by the thread. Of another thread.
    void start(std::source_location where = std::source_location::current()) noexcept {
      is_started_.store(true, std::memory_order::release, where);
    }
    /// Returns when the thread has ended, and sees all that it did. Of another thread.
    void join(std::source_location where = std::source_location::current()) noexcept {
      RelacySync::await([&] { return has_ended_.load(std::memory_order::acquire, where); }, where);
    }

   private:
    friend class Run;
    RelacySync::Atomic<bool> is_started_{false};
    RelacySync::Atomic<bool> has_ended_{false};
  };
  /// A thread that waits to be started. Before the threads.
  template <class Body>
    requires std::invocable<Body&>
  Spawned& spawned(Body body, std::source_location where = std::source_location::current()) {
    auto& handle = make<Spawned>();
    thread([&handle, where, body = std::move(body)]() mutable {
      RelacySync::await([&] { return handle.is_started_.load(std::memory_order::acquire, where); },
                        where);
      body();
      handle.has_ended_.store(true, std::memory_order::release, where);
    });
    return handle;
  }

  /// Runs alone, when all threads have ended; the first of several first. Before the threads.
  template <class Body>
    requires std::invocable<Body&>
  void after(Body body) {
    const Part part = keep(std::move(body));
    const CheckerScope ours;
    after_.push_back(part);
  }

  /// Adds to the outcome of this execution; `CheckResult::outcomes` has them all. Numbers,
  /// pointers, texts and optional ones are shown, and what `describe` is overloaded for; other
  /// values as "?". In a thread or after the threads.
  template <class... Values>
  void observe(const Values&... values) {
    const CheckerScope ours;
    (note_outcome(describe(values)), ...);
  }

  /// Traces and messages call the object so, or, where it has several checked objects, these by
  /// its name and their own. Before the threads, or by a thread that knows the object alone.
  template <class T>
  void name(const T& object, std::string_view name) {
    checker_hooks::name_object(std::addressof(object), sizeof(T), name, CheckedObject<T>);
  }

 private:
  friend class CheckedProgram;
  /// What a thread does, or what runs after the threads.
  struct Part {
    void* body;
    void (*call)(void*);

    void operator()() const { call(body); }
  };
  struct Thread {
    Part part;
    std::string name;
    std::size_t symmetry_class = 0;
    std::vector<std::string> outcome = {};
  };
  struct Owned {
    void* object;
    void (*end)(void*) noexcept;
  };
  /// Memory for one object that each execution makes.
  struct Place {
    /// Ends the memory.
    struct Free {
      /// As it was asked for, in bytes.
      std::size_t alignment;
      /// Frees it.
      void operator()(std::byte* data) const noexcept {
        ::operator delete(data, std::align_val_t(alignment));
      }
    };
    std::unique_ptr<std::byte, Free> memory;
    std::size_t size;
  };

  Run() = default;

  /// A body is an object of the execution, since what it holds may be: it ends there too.
  template <class Body>
  Part keep(Body body) {
    Body& kept = make<Body>(std::move(body));
    return {std::addressof(kept), [](void* object) { (*static_cast<Body*>(object))(); }};
  }
  void add_thread(std::string_view name, const Part& part) {
    const CheckerScope ours;
    threads_.push_back({part, std::string(name), symmetry_class_});
  }
  void* place(std::size_t size, std::size_t alignment);
  void own(void* object, void (*end)(void*) noexcept);
  void note_outcome(std::string text);

  std::vector<Place> places_;
  std::vector<Owned> owned_;
  std::vector<Thread> threads_;
  std::vector<Part> after_;
  std::vector<std::string> outcome_after_;
  std::size_t placed_ = 0;  // objects that have a place
  std::size_t symmetry_class_ = 0;
};

/// Ends the execution as a violation where `condition` does not hold. In an execution only.
void expect(bool condition, std::string_view what = "an expectation does not hold",
            std::source_location where = std::source_location::current());

/// Leaves the execution out where `condition` does not hold: it is not judged, and not counted.
/// What another thread of that execution fails in may count or not. In a thread only.
void assume(bool condition, std::source_location where = std::source_location::current());

/// How `check` searches.
struct CheckOptions {
  /// `kGraph`: each execution graph of C++20's memory model. `kDpor`, `kFull`, `kBound`: schedules
  /// under Relacy's, see proofs/relacy_memory_model.md. `kRandom`: a sample.
  Search search = Search::kGraph;
  MemoryModel memory_model = MemoryModel::kCpp20;  ///< for kGraph: kCpp20 or kRc11
  unsigned bound = 2;                              ///< preemptions, for kBound
  std::uint64_t executions = 0;                    ///< at most; 0: all, and 10,000 for kRandom
  double seconds = 0;                              ///< at most, of all jobs; 0: no limit
  std::uint64_t seed = 1;                          ///< for kRandom
  bool symmetry = true;                            ///< of `Run::threads`; for kDpor and kGraph
  std::size_t jobs = 1;                            ///< processes at a time; for kGraph
  /// Whether a simpler schedule is looked for that fails in the same way, for at most 2 s: with
  /// fewer reads of old values, then with fewer switches between threads.
  bool minimize = true;
  /// After so many seconds, standard error shows how far the check is: on a terminal, a line that
  /// the next one replaces; elsewhere, a line at each tenth of the way where that is known.
  /// Negative: never.
  double progress_after = 2;
};

/// What came of a check.
class CheckResult {
 public:
  /// Whether nothing failed in any execution that the search was to explore: of kRandom, in the
  /// sample; of kBound, within the bound. False where a limit was reached before: see `verdict`.
  [[nodiscard]] bool holds() const noexcept { return verdict() == Verdict::kHolds; }
  /// Whether it holds, and if not, whether it is known to fail.
  [[nodiscard]] Verdict verdict() const noexcept { return search_.verdict; }
  /// Whether every execution was explored, or one of each that differ in nothing; see
  /// ExploreResult.
  [[nodiscard]] bool exhaustive() const noexcept { return search_.exhaustive; }
  /// An estimate of the part of all executions that was explored, up to 1, also where a limit was
  /// reached or something has failed before: the shape of what was explored stands for that of the
  /// rest. 0 where it is not known, that is for a search that was cut and is not kGraph.
  [[nodiscard]] double explored_part() const noexcept { return search_.explored_part; }
  /// Executions that were explored.
  [[nodiscard]] std::uint64_t executions() const noexcept { return search_.executions; }
  /// What the executions that held have observed, each as a line: the values of each thread in its
  /// order, "-" where it has none, and then those of after the threads if there are any, with " | "
  /// in between. Threads that are alike come in the order of their values.
  [[nodiscard]] const std::set<std::string>& outcomes() const noexcept { return outcomes_; }
  /// What is wrong; null where it holds, and where a limit was reached.
  [[nodiscard]] const Failure* failure() const noexcept {
    return search_.violation ? &*search_.violation : nullptr;
  }
  /// Of the violation; empty where there is none.
  [[nodiscard]] const Trace& trace() const noexcept { return search_.trace; }
  /// For a person: the verdict, and of a violation its trace and how to run it again.
  [[nodiscard]] std::string report() const;
  /// For `main`: 0 holds, 1 violated, 2 not judged: the program does what the checker does not
  /// model, or its use is wrong; 3 inconclusive: nothing has failed, but something was left out.
  [[nodiscard]] int exit_code() const noexcept;

 private:
  friend class Check;
  [[nodiscard]] std::string part_of_all() const;

  ExploreResult search_;
  std::set<std::string> outcomes_;
  std::string replay_;  // the value of SLABPROOF_REPLAY for the violation
  std::optional<ScheduleComplexity> failed_first_;  // where a simpler schedule is reported
  std::string page_;  // a sentence on the page that was written, or could not be
};

/// Runs `program` under every schedule that `options` ask for. One check at a time in a process.
///
/// By kGraph, that is each execution of C++20's memory model, but for load buffering (program order
/// and reads-from together have no cycle), for more than one failure without a cause of a thread's
/// weak compare-exchanges and waits for conditions each, and for more than two failed try_locks of
/// a thread; where one could fail once more, the result is inconclusive. See proofs/graph.md.
///
/// The environment of the process:
/// - `SLABPROOF_REPLAY="FILE:LINE SCHEDULE"`, which a report gives, runs that schedule alone, in
/// the
///   check at that line; others run as always.
/// - `SLABPROOF_TRACE=FILE` writes the trace of a violation, or of a replay, to FILE: a page where
///   it ends in `.html`, JSON in `.json`, the execution graph in `.dot`, and else text.
/// - `SLABPROOF_JOBS=N` shares each search by kGraph between N processes at a time. What a process
///   leaves behind, such as a variable that the program writes, is then not seen in this one. A
///   violation in one of them ends the others.
/// - `SLABPROOF_SHARD=I/N` explores one of N disjoint parts of each search by kGraph, I from 0, for
///   example on machines of their own: together they explore every execution, and a part alone is
///   never exhaustive. The result is 0 where the part holds.
/// A value that is not valid gives a result that is `kUnsupported` and says so.
[[nodiscard]] CheckResult check(const std::function<void(Run&)>& program,
                                const CheckOptions& options = {},
                                std::source_location where = std::source_location::current());

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CHECK_H_
