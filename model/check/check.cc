#include "slabproof/model/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <expected>
#include <fstream>
#include <map>
#include <numeric>
#include <span>

#include "model/campaign/worker_pool.h"
#include "model/check/share_outcome.h"
#include "model/graph/graph_explore.h"
#include "model/runtime/checker_hooks.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/schedule.h"
#include "model/trace/trace_file.h"

namespace slabproof::model {

// ---- one execution ----

void* Run::place(std::size_t size, std::size_t alignment) {
  const CheckerScope ours;
  const std::size_t next = placed_++;
  if (next == places_.size()) places_.push_back({{nullptr, {alignment}}, 0});
  Place& place = places_[next];
  if (place.size != size || place.memory.get_deleter().alignment != alignment) {
    auto* const memory = static_cast<std::byte*>(::operator new(size, std::align_val_t(alignment)));
    place = {{memory, {alignment}}, size};
  }
  return place.memory.get();
}

void Run::own(void* object, void (*end)(void*) noexcept) {
  const CheckerScope ours;
  owned_.push_back({object, end});
}

void Run::note_outcome(std::string text) {
  const std::size_t actor = checker_hooks::running({}).actor;
  auto& notes = actor == 0 ? outcome_after_ : threads_[actor - 1].outcome;
  notes.push_back(text.empty() ? "?" : std::move(text));
}

void expect(bool condition, std::string_view what, std::source_location where) {
  if (!condition) checker_hooks::report("expectation", what, where);
}

void assume(bool condition, std::source_location where) {
  if (!condition) checker_hooks::leave_out(where);
}

// ---- the program ----

/// Runs a program's function for each execution, and what it has said for each thread.
class CheckedProgram final : public Execution {
 public:
  explicit CheckedProgram(const std::function<void(Run&)>& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return classes_.size(); }

  void before() override {
    begin();
    if (run_.threads_.size() == classes_.size()) return;
    checker_hooks::report_harness_defect(
        "the program has another number of threads than the first time: it must not depend on what "
        "executions before have left");
  }
  void thread(std::size_t index) override { run_.threads_[index].part(); }
  void after() override {
    for (const auto& judge : run_.after_) judge();
    end();
  }

  /// Runs the function once, without its threads, to find out which there are.
  [[nodiscard]] ExploreResult count_threads() {
    Counting counting(*this);
    ExploreOptions options;
    options.search = Search::kGraph;
    ExploreResult counted = explore(counting, graph::graph_runner, options);
    for (const Run::Thread& thread : run_.threads_) {
      classes_.push_back(static_cast<std::uint8_t>(thread.symmetry_class));
    }
    return counted;
  }

  /// Of each thread; those of one class are alike.
  [[nodiscard]] std::span<const std::uint8_t> classes() const { return classes_; }

  [[nodiscard]] std::vector<std::string> thread_names() const {
    std::vector<std::string> names;
    for (const Run::Thread& thread : run_.threads_) names.push_back(thread.name);
    return names;
  }

  /// Of the execution that ran last.
  [[nodiscard]] std::string outcome() const {
    std::vector<std::string> parts;
    for (const Run::Thread& thread : run_.threads_) {
      parts.push_back(thread.outcome.empty() ? "-"
                                             : fmt::format("{}", fmt::join(thread.outcome, " ")));
    }
    for (std::size_t begin = 0, end = 0; begin < parts.size(); begin = end) {
      while (end < parts.size() && classes_[end] == classes_[begin]) ++end;
      std::sort(parts.begin() + static_cast<std::ptrdiff_t>(begin),
                parts.begin() + static_cast<std::ptrdiff_t>(end));
    }
    if (!run_.outcome_after_.empty()) {
      parts.push_back(fmt::format("{}", fmt::join(run_.outcome_after_, " ")));
    }
    return fmt::format("{}", fmt::join(parts, " | "));
  }

 private:
  class Counting final : public Execution {
   public:
    explicit Counting(CheckedProgram& program) : program_(program) {}
    [[nodiscard]] std::size_t thread_count() const override { return 1; }
    void before() override { program_.begin(); }
    void thread(std::size_t /*index*/) override {}
    void after() override { program_.end(); }

   private:
    CheckedProgram& program_;
  };

  void begin() {
    {
      // Of an execution that was abandoned, nothing has ended.
      const CheckerScope ours;
      run_.owned_.clear();
      run_.threads_.clear();
      run_.after_.clear();
      run_.outcome_after_.clear();
      run_.placed_ = run_.symmetry_class_ = 0;
    }
    program_(run_);
  }
  void end() {
    for (std::size_t i = run_.owned_.size(); i > 0; --i) {
      run_.owned_[i - 1].end(run_.owned_[i - 1].object);
    }
  }

  const std::function<void(Run&)>& program_;
  Run run_;
  std::vector<std::uint8_t> classes_;
};

// ---- the check ----

namespace {

constexpr std::size_t kMaxJobs = 256;

/// What the environment asks for.
struct Environment {
  std::optional<Schedule> replay;  // of this check
  std::string trace_file;          // or empty
  std::optional<std::size_t> jobs;
  ExploreOptions::Share shard = {};
  bool is_of_another = false;  // a replay is asked for, of another check
};

/// Of SLABPROOF_JOBS.
std::expected<std::size_t, std::string> parse_jobs(std::string_view text) {
  std::size_t jobs = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), jobs);
  if (error == std::errc() && end == text.data() + text.size() && jobs >= 1 && jobs <= kMaxJobs) {
    return jobs;
  }
  return std::unexpected(fmt::format(
      "SLABPROOF_JOBS is not valid: expected a number from 1 to {}, not '{}'", kMaxJobs, text));
}

/// Of SLABPROOF_SHARD.
std::expected<ExploreOptions::Share, std::string> parse_shard(std::string_view text) {
  ExploreOptions::Share shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  if (index.ec == std::errc() && index.ptr != end && *index.ptr == '/') {
    const auto count = std::from_chars(index.ptr + 1, end, shard.count);
    if (count.ec == std::errc() && count.ptr == end && shard.index < shard.count) return shard;
  }
  return std::unexpected(fmt::format(
      "SLABPROOF_SHARD is not valid: expected INDEX/COUNT, such as 0/3, not '{}'", text));
}

std::expected<Environment, std::string> read_environment(std::string_view place) {
  Environment environment;
  if (const char* const file = std::getenv("SLABPROOF_TRACE")) environment.trace_file = file;
  if (const char* const text = std::getenv("SLABPROOF_JOBS")) {
    const auto jobs = parse_jobs(text);
    if (!jobs) return std::unexpected(jobs.error());
    environment.jobs = *jobs;
  }
  if (const char* const text = std::getenv("SLABPROOF_SHARD")) {
    const auto shard = parse_shard(text);
    if (!shard) return std::unexpected(shard.error());
    environment.shard = *shard;
  }
  const char* const replay = std::getenv("SLABPROOF_REPLAY");
  if (replay == nullptr) return environment;
  const std::string_view text = replay;
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos ||
      text.substr(0, space).find(':') == std::string_view::npos) {
    return std::unexpected(
        fmt::format("SLABPROOF_REPLAY is not valid: expected FILE:LINE SCHEDULE, not '{}'", text));
  }
  environment.is_of_another = text.substr(0, space) != place;
  if (environment.is_of_another) return environment;
  auto schedule = parse_schedule(text.substr(space + 1));
  if (!schedule) {
    return std::unexpected("SLABPROOF_REPLAY is not valid: " + schedule.error());
  }
  environment.replay = std::move(*schedule);
  return environment;
}

ExploreResult refused(std::string why) {
  ExploreResult result;
  result.verdict = Verdict::kUnsupported;
  result.violation = Failure{.defect = Defect::kUnsupported, .message = std::move(why)};
  return result;
}

/// The access of another thread that the failing one clashed with, if the trace knows it.
std::string clash_of(const Trace& trace) {
  for (const TraceEvent& event : trace.events) {
    if (!event.clashed) continue;
    const std::string place = to_text(event.place);
    return fmt::format("  conflicting access: {} {} {}{}{}\n", thread_name(trace, event.thread),
                       event.operation, event.object, place.empty() ? "" : " at ", place);
  }
  return {};
}

std::string_view word_for(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return "holds";
    case Verdict::kInconclusive:
      return "inconclusive: nothing has failed, but something was left out";
    case Verdict::kUnsupported:
      return "not judged";
    case Verdict::kViolated:
      return "violated";
  }
  return {};
}

}  // namespace

std::string CheckResult::report() const {
  std::string text = fmt::format("{}: {} execution{}{}, {:.2f} s\n", word_for(verdict()),
                                 executions(), executions() == 1 ? "" : "s",
                                 exhaustive() ? ", exhaustive" : "", search_.seconds);
  for (const std::string& warning : search_.warnings) text += fmt::format("  note: {}\n", warning);
  if (failure() == nullptr) return text;
  text += fmt::format("  {}\n{}", to_text(*failure()), clash_of(trace()));
  if (!trace().events.empty()) text += "\n" + to_text(trace());
  if (!replay_.empty()) {
    text += fmt::format(
        "\nRun this execution again:   SLABPROOF_REPLAY='{}'\n"
        "and see it as a page:       SLABPROOF_TRACE=trace.html\n",
        replay_);
  }
  if (!page_.empty()) text += page_ + "\n";
  return text;
}

int CheckResult::exit_code() const noexcept {
  switch (verdict()) {
    case Verdict::kHolds:
      return 0;
    case Verdict::kViolated:
      return 1;
    case Verdict::kUnsupported:
      return 2;
    case Verdict::kInconclusive:
      return 3;
  }
  return 2;
}

namespace {

/// "queue_test.cc:40", or "queue_test.cc:40#2" for the second check that the process makes there.
std::string place_of_check(const std::source_location& where) {
  static std::map<std::string, std::size_t> checks;
  const std::string place = to_text(SourcePlace::of(where));
  const std::size_t count = ++checks[place];
  return count == 1 ? place : fmt::format("{}#{}", place, count);
}

}  // namespace

/// One call of `check`.
class Check {
 public:
  Check(const std::function<void(Run&)>& program, const CheckOptions& options,
        const std::source_location& where)
      : program_(program), options_(options), place_(place_of_check(where)) {}

  CheckResult run() {
    auto environment = read_environment(place_);
    if (!environment) {
      result_.search_ = refused(std::move(environment.error()));
      return std::move(result_);
    }
    if (environment->jobs) options_.jobs = *environment->jobs;
    shard_ = environment->shard;
    if (shard_.count > 1 && options_.search != Search::kGraph) {
      result_.search_ = refused("SLABPROOF_SHARD is for a check that searches by kGraph");
      return std::move(result_);
    }
    result_.search_ = program_.count_threads();
    if (result_.failure() == nullptr) {
      search(environment->replay);
      if (shard_.count > 1 && !environment->replay) say_shard();
      result_.search_.trace.thread_names = program_.thread_names();
      if (result_.failure() != nullptr && result_.failure()->defect == Defect::kDataRace) {
        mark_clash(result_.search_.trace);
      }
      if (result_.failure() != nullptr && !result_.search_.schedule.choices.empty()) {
        result_.replay_ = fmt::format("{} {}", place_, to_text(result_.search_.schedule));
      }
    }
    if (result_.failure() != nullptr && is_wrong_use(result_.failure()->defect)) {
      result_.search_.verdict = Verdict::kUnsupported;
    }
    if (!environment->trace_file.empty() && !environment->is_of_another) {
      write_trace(environment->trace_file);
    }
    return std::move(result_);
  }

 private:
  /// Whether it says nothing of what is checked.
  static bool is_wrong_use(Defect defect) {
    return defect == Defect::kReplayMismatch || defect == Defect::kHarness;
  }

  void say_shard() {
    result_.search_.exhaustive = false;
    result_.search_.warnings.push_back(fmt::format(
        "shard {}/{}: all of them together explore every execution", shard_.index, shard_.count));
  }

  /// So that jobs end together.
  static constexpr std::size_t kSharesOfAJob = 4;

  void search(const std::optional<Schedule>& replay) {
    ExploreOptions explored = to_explore_options();
    if (replay) return run_again(*replay, explored);
    const auto explore_all = [&] {
      if (options_.jobs > 1 && options_.search == Search::kGraph) {
        explore_in_jobs(explored);
      } else {
        explore_alone(explored);
      }
    };
    explore_all();
    // That others go on where one assumes what is not so makes some searches longer.
    if (result_.failure() != nullptr && result_.failure()->defect == Defect::kAssumption) {
      explored.has_assumptions = true;
      explore_all();
    }
  }

  /// The limit is of the whole check, all jobs and both turns of a search with assumptions.
  [[nodiscard]] ExploreOptions with_rest_of_time(ExploreOptions explored) const {
    if (options_.seconds <= 0) return explored;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
    constexpr double kOver = 1e-9;  // 0 would be no limit
    explored.time_limit = std::max(options_.seconds - passed.count(), kOver);
    return explored;
  }

  void explore_alone(const ExploreOptions& explored) {
    const RunnerFactory runner_for =
        explored.search == Search::kGraph ? graph::graph_runner : relacy_runner;
    result_.outcomes_.clear();
    result_.search_ = explore(program_, runner_for, with_rest_of_time(explored));
  }

  void run_again(const Schedule& schedule, ExploreOptions explored) {
    explored.search = Search::kReplay;
    explored.schedule = &schedule;
    result_.search_ =
        explore(program_, schedule.is_graph ? graph::graph_runner : relacy_runner, explored);
  }

  /// Shares of the search in processes; what fails in one is run again in this one.
  void explore_in_jobs(const ExploreOptions& explored) {
    const std::size_t shares = options_.jobs * kSharesOfAJob;
    WorkerPool pool(options_.jobs, [&](std::size_t share) {
      ExploreOptions part = explored;
      // Of the shard, which is itself a share of all.
      part.share = {.index = share * shard_.count + shard_.index, .count = shares * shard_.count};
      part.trace = false;
      if (part.iterations != 0) part.iterations = (part.iterations + shares - 1) / shares;
      explore_alone(part);
      return ShareOutcome::of(result_.search_, result_.outcomes_).to_line();
    });
    std::vector<std::size_t> tasks(shares);
    std::iota(tasks.begin(), tasks.end(), std::size_t{0});
    ShareOutcome all;
    all.verdict = Verdict::kHolds;
    all.exhaustive = true;
    std::size_t reported = 0;
    const auto begin = std::chrono::steady_clock::now();
    const auto lost = pool.run(
        tasks,
        [&](std::size_t /*share*/, const std::string& line) {
          all.add(ShareOutcome::from_line(line));
          ++reported;
          // What fails decides; the other shares need not be explored.
          if (all.verdict == Verdict::kViolated) pool.stop();
        },
        [] {});
    if (reported != shares) all.exhaustive = false;
    if (!lost.empty()) {
      all.exhaustive = false;
      all.verdict = worse_of(all.verdict, Verdict::kInconclusive);
    }
    // Each repetition is of an execution, so there must be one.
    if (all.executions == 0 && all.redundant != 0 && shard_.count == 1) {
      all.exhaustive = false;
      all.verdict = worse_of(all.verdict, Verdict::kInconclusive);
    }
    result_.search_ = {};
    if (!all.schedule.empty()) {
      run_again(parse_schedule(all.schedule).value_or(Schedule{}), explored);
    }
    ExploreResult& search = result_.search_;
    if (all.verdict == Verdict::kViolated && !search.violation) {
      search.violation = Failure{.defect = Defect::kNondeterminism,
                                 .message =
                                     "what failed in one process does not fail again: the "
                                     "program depends on something that the checker does "
                                     "not control"};
    }
    search.executions = all.executions;
    search.redundant = all.redundant;
    search.verdict = all.verdict;
    search.exhaustive = all.exhaustive;
    search.warnings = std::move(all.warnings);
    search.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result_.outcomes_ = std::move(all.outcomes);
  }

  ExploreOptions to_explore_options() {
    ExploreOptions explored;
    explored.search = options_.search;
    explored.bound = options_.bound;
    explored.iterations = options_.executions;
    explored.seed = options_.seed;
    explored.share = shard_;
    const bool can_reduce = options_.search == Search::kGraph || options_.search == Search::kDpor;
    if (options_.symmetry && can_reduce) explored.symmetry_class = program_.classes();
    explored.run.memory_model = options_.memory_model;
    explored.run.report_leaks = true;
    explored.on_execution = [this](const ExecutionEnd& end) {
      if (end.failure == nullptr && !end.redundant) result_.outcomes_.insert(program_.outcome());
    };
    return explored;
  }

  void write_trace(const std::string& file) {
    if (result_.trace().events.empty()) return;
    TraceHeading heading;
    heading.program = "check at " + place_;
    if (result_.failure() != nullptr) {
      heading.property = name_of(*result_.failure());
      heading.message = to_text(*result_.failure());
      heading.replay = fmt::format("SLABPROOF_REPLAY='{}'", result_.replay_);
    }
    std::ofstream out(file, std::ios::binary);
    out << render_trace(file, heading, result_.trace()) << std::flush;
    result_.page_ = out ? "The trace is in " + file : "The trace could not be written to " + file;
  }

  CheckedProgram program_;
  CheckOptions options_;
  ExploreOptions::Share shard_ = {};  // of the environment
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  const std::string place_;
  CheckResult result_;
};

CheckResult check(const std::function<void(Run&)>& program, const CheckOptions& options,
                  std::source_location where) {
  return Check(program, options, where).run();
}

}  // namespace slabproof::model
