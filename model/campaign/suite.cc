#include "model/campaign/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "model/campaign/build_identity.h"
#include "model/campaign/checkpoint.h"
#include "model/campaign/shared_array.h"
#include "model/campaign/worker_pool.h"
#include "model/program/enumeration.h"

namespace slabproof::model {
namespace {

using Clock = std::chrono::steady_clock;

double now() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

/// What the processes of one run share about a job.
struct SharedJob {
  std::atomic<double> began{0};         ///< when its first part began, or 0
  std::atomic<bool> is_decided{false};  ///< a violation was found: the other parts do not matter
};

/// A job, how it is split, and what its parts have given so far.
struct JobProgress {
  const CheckJob* job;
  JobSplit split;
  std::string name = {};  ///< for the checkpoint
  std::size_t parts_left = 0;
  std::vector<PartOutcome> outcomes = {};
  double seconds = 0;
  std::optional<std::size_t> lost_part = {};  ///< one that lost its workers
};

class Suite {
 public:
  Suite(const std::vector<CheckJob>& jobs, const SearchOptions& options, bool want_witness,
        const StepsSink& steps)
      : options_(options),
        want_witness_(want_witness),
        steps_(steps),
        shared_(jobs.size()),
        executions_(1) {
    if (!options.checkpoint_file.empty()) {
      checkpoint_.emplace(options.checkpoint_file, build_identity());
    }
    for (const CheckJob& job : jobs) plan(job);
  }

  void run(const std::function<void(const CheckJob&, const JobOutcome&)>& finished,
           const std::function<void(const SuiteProgress&)>& progress) {
    const double start = now();
    const auto report = [&] {
      if (progress) progress({next_, executions_[0].load(), now() - start});
    };
    flush(finished);
    if (options_.processes == 1) {
      run_here(finished, report);
    } else {
      run_in_workers(finished, report);
    }
  }

 private:
  struct Task {
    std::size_t job;
    std::size_t part;
  };

  [[nodiscard]] bool is_mine(std::size_t part) const {
    return !options_.shard || part % options_.shard->count == options_.shard->index;
  }

  /// As many parts as it is worth: a job that is done in a moment is not cut.
  [[nodiscard]] std::size_t parts_wanted(const CheckJob& job) const {
    constexpr std::size_t kPartsForEachWorker = 32;
    constexpr std::size_t kFewJobs = 64;
    constexpr double kWeightWorthCutting = 1e5;
    if (options_.shard) return parts_of_shard(job) * options_.shard->count;
    if (options_.processes == 1 && !checkpoint_) return 1;
    // Many jobs keep all processes busy, each with a job of its own.
    const bool has_many_jobs = shared_.size() > kFewJobs;
    if (has_many_jobs && search_of(job, options_) == Search::kStates) return 1;
    return weight_of(job.program) < kWeightWorthCutting ? 1
                                                        : kPartsForEachWorker * options_.processes;
  }

  /// Small parts and many, so that shards end together. On execution graphs fewer: to find where a
  /// share begins costs as many executions as there are shares.
  [[nodiscard]] std::size_t parts_of_shard(const CheckJob& job) const {
    return search_of(job, options_) == Search::kGraph ? 4 : 32;
  }

  void plan(const CheckJob& job) {
    JobProgress progress{.job = &job, .split = split_job(job, options_, parts_wanted(job))};
    const RecordedExecution unscheduled{.program = job.program, .slab = job.slab, .schedule = {}};
    const Search search = search_of(job, options_);
    progress.name = fmt::format("{} {} {} {} symmetry={} depth={} parts={}", to_text(unscheduled),
                                to_text(search), to_text(memory_of(search, options_)),
                                search == Search::kBound ? options_.bound : 0, options_.symmetry,
                                progress.split.depth, progress.split.parts.size());
    for (std::size_t part = 0; part < progress.split.parts.size(); ++part) {
      if (!is_mine(part)) continue;
      const auto done = checkpoint_ ? checkpoint_->find(progress.name, part) : std::nullopt;
      if (done) {
        progress.outcomes.push_back(*done);
      } else {
        tasks_.push_back({jobs_.size(), part});
        ++progress.parts_left;
      }
    }
    jobs_.push_back(std::move(progress));
  }

  PartOutcome explore(const Task& task) {
    SharedJob& shared = shared_[task.job];
    double unset = 0;
    shared.began.compare_exchange_strong(unset, now());
    double limit = options_.time_limit_seconds;
    if (limit > 0) limit -= now() - shared.began.load();
    if (shared.is_decided.load() || limit < 0) return {};
    const JobProgress& job = jobs_[task.job];
    const auto progress = [this](std::uint64_t more) {
      executions_[0].fetch_add(more);
      if (on_executions_) on_executions_();
    };
    PartOutcome outcome =
        explore_part(*job.job, options_, job.split, task.part, limit, progress, steps_);
    if (outcome.violation) shared.is_decided.store(true);
    return outcome;
  }

  void accept(const Task& task, const PartOutcome& outcome) {
    JobProgress& job = jobs_[task.job];
    job.outcomes.push_back(outcome);
    --job.parts_left;
    job.seconds = now() - shared_[task.job].began.load();
    if (checkpoint_ && outcome.complete) checkpoint_->add(job.name, task.part, outcome);
  }

  void run_here(const std::function<void(const CheckJob&, const JobOutcome&)>& finished,
                const std::function<void()>& report) {
    on_executions_ = [&report, reported = now()]() mutable {
      constexpr double kSecondsBetweenReports = 0.5;
      if (now() - reported < kSecondsBetweenReports) return;
      reported = now();
      report();
    };
    for (const Task& task : tasks_) {
      accept(task, explore(task));
      flush(finished);
    }
    on_executions_ = {};
  }

  void run_in_workers(const std::function<void(const CheckJob&, const JobOutcome&)>& finished,
                      const std::function<void()>& report) {
    WorkerPool pool(options_.processes,
                    [this](std::size_t task) { return to_json_line(explore(tasks_[task])); });
    std::vector<std::size_t> order(tasks_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto done = [&](std::size_t task, const std::string& line) {
      const auto outcome = parse_part_outcome(line);
      if (!outcome) throw std::logic_error("a worker reported what is not an outcome");
      accept(tasks_[task], *outcome);
      flush(finished);
    };
    for (const std::size_t task : pool.run(order, done, report)) {
      JobProgress& job = jobs_[tasks_[task].job];
      job.lost_part = tasks_[task].part;
      --job.parts_left;
    }
    flush(finished);
  }

  /// Reports the jobs that are done and not yet reported, in order.
  void flush(const std::function<void(const CheckJob&, const JobOutcome&)>& finished) {
    for (; next_ < jobs_.size() && jobs_[next_].parts_left == 0; ++next_) {
      const JobProgress& job = jobs_[next_];
      PartOutcome sum;
      sum.complete = true;
      sum.verdict = job.lost_part ? Verdict::kInconclusive : Verdict::kHolds;
      sum.redundant = options_.shard && options_.shard->index != 0 ? 0 : job.split.redundant;
      for (const PartOutcome& outcome : job.outcomes) add(sum, outcome);
      finished(*job.job,
               conclude(*job.job, options_, sum, limit_of(job, sum), job.seconds, want_witness_));
    }
  }

  /// What cut the search of a job.
  [[nodiscard]] SearchLimit limit_of(const JobProgress& job, const PartOutcome& sum) const {
    using enum SearchLimit::Kind;
    if (job.lost_part) {
      return {kLostWorker,
              fmt::format("part {} lost {} workers", *job.lost_part, WorkerPool::kMaxAttempts)};
    }
    if (options_.shard && sum.complete) {
      return {kShard, fmt::format("shard {}/{}", options_.shard->index, options_.shard->count)};
    }
    if (sum.complete) return {};
    if (sum.out_of_memory) return {kMemory, fmt::format("{} MiB", options_.memory_limit)};
    if (options_.iterations != 0 && sum.executions + sum.redundant >= options_.iterations) {
      return {kExecutions, fmt::format("{} executions", options_.iterations)};
    }
    if (options_.time_limit_seconds > 0 && job.seconds >= options_.time_limit_seconds) {
      return {kTime, fmt::format("{} s", options_.time_limit_seconds)};
    }
    if (options_.search == Search::kBound) return {kBound, fmt::format("bound {}", options_.bound)};
    return {};
  }

  const SearchOptions& options_;
  const bool want_witness_;
  const StepsSink& steps_;
  std::optional<Checkpoint> checkpoint_;
  SharedArray<SharedJob> shared_;
  SharedArray<std::atomic<std::uint64_t>> executions_;
  std::vector<JobProgress> jobs_;
  std::vector<Task> tasks_;
  std::size_t next_ = 0;                 // first job that was not reported
  std::function<void()> on_executions_;  // while executions run in this process
};

}  // namespace

void run_suite(const std::vector<CheckJob>& jobs, const SearchOptions& options, bool want_witness,
               const std::function<void(const CheckJob&, const JobOutcome&)>& finished,
               const std::function<void(const SuiteProgress&)>& progress, const StepsSink& steps) {
  Suite(jobs, options, want_witness, steps).run(finished, progress);
}

}  // namespace slabproof::model
