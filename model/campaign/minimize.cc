#include "model/campaign/minimize.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "model/campaign/program_search.h"
#include "model/program/shrink.h"
#include "model/search/explore.h"
#include "model/slab/property.h"

namespace slabproof::model {
namespace {

constexpr unsigned kMaxPreemptions = 64;

/// Time that is shared by several searches.
class Budget {
 public:
  explicit Budget(double seconds) : seconds_(seconds) {}
  [[nodiscard]] double left() const {
    return seconds_ - std::chrono::duration<double>(Clock::now() - start_).count();
  }
  [[nodiscard]] bool is_spent() const { return left() <= 0; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
  double seconds_;
};

bool gives_to(const Program& program, std::size_t thread) {
  return std::ranges::any_of(program.threads, [thread](const std::vector<Op>& ops) {
    return std::ranges::any_of(
        ops, [thread](Op op) { return op.kind == Op::Kind::kGive && op.argument == thread; });
  });
}

/// Also removes threads that have nothing left to do.
void add_if_well_formed(std::vector<Program>& programs, Program program) {
  for (std::size_t thread = program.threads.size(); thread-- > 0;) {
    if (program.threads[thread].empty()) program = without_thread(std::move(program), thread);
  }
  if (!defect_of(program)) programs.push_back(std::move(program));
}

/// How the search for smaller violations of a job begins.
ExploreOptions first_options(const CheckJob& job, const SearchOptions& options) {
  ExploreOptions how;
  if (search_of(job, options) == Search::kGraph) how.search = Search::kGraph;
  how.run.memory_model = memory_of(how.search, options);
  return how;
}

/// A search for a violation of one property.
ExploreResult search(const CheckJob& job, const std::string& property, ExploreOptions options) {
  ProgramSearch program_search(job);
  const std::vector<std::uint8_t> symmetry_class = program_search.symmetry_class();
  if (options.search != Search::kBound) options.symmetry_class = symmetry_class;
  options.is_wanted = [&](const Failure& failure) { return property_of(failure) == property; };
  return program_search.run(options);
}

/// The job with the smallest program that was found to break the property within the limits.
CheckJob with_least_program(CheckJob job, const std::string& property, const ExploreOptions& how,
                            const MinimizeLimits& limits) {
  const Budget budget(limits.seconds);
  std::set<std::string> tried;
  Program least = job.program;
  shrink(least, smaller_programs, [&](const Program& candidate) {
    if (budget.is_spent() || !tried.insert(to_text(candidate)).second) return false;
    job.program = candidate;
    ExploreOptions options = how;
    options.time_limit = std::min(limits.candidate_seconds, budget.left());
    options.trace = false;
    return search(job, property, options).verdict == Verdict::kViolated;
  });
  job.program = std::move(least);
  return job;
}

Counterexample counterexample_of(const CheckJob& job, ExploreResult found,
                                 std::optional<unsigned> preemptions) {
  return {.job = job,
          .failure = std::move(*found.violation),
          .schedule = std::move(found.schedule),
          .trace = std::move(found.trace),
          .preemptions = preemptions};
}

std::optional<Counterexample> fewest_preemptions(const CheckJob& job, const std::string& property,
                                                 double seconds) {
  const Budget budget(seconds);
  for (unsigned bound = 0; bound <= kMaxPreemptions && !budget.is_spent(); ++bound) {
    ExploreOptions options;
    options.search = Search::kBound;
    options.bound = bound;
    options.unlock_is_step = false;
    options.time_limit = budget.left();
    ExploreResult found = search(job, property, options);
    if (found.verdict == Verdict::kViolated) {
      return counterexample_of(job, std::move(found), bound);
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<Program> smaller_programs(const Program& program) {
  std::vector<Program> smaller;
  const bool ends_only = frees_again(program);
  const std::size_t threads = program.threads.size();
  for (std::size_t thread = 0; thread < threads; ++thread) {
    if (ends_only && gives_to(program, thread)) continue;
    add_if_well_formed(smaller, without_thread(program, thread));
  }
  for (std::size_t thread = 0; thread < threads; ++thread) {
    const std::size_t count = program.threads[thread].size();
    // From the end, so that what an operation acts on is still there when it is looked at.
    for (std::size_t op = count; op-- > (ends_only ? count - 1 : 0);) {
      Program shorter = program;
      shorter.threads[thread] = without(std::move(shorter.threads[thread]), {op, op + 1});
      add_if_well_formed(smaller, std::move(shorter));
    }
  }
  for (std::size_t thread = 0; thread < threads && !ends_only; ++thread) {
    for (std::size_t op = 0; op < program.threads[thread].size(); ++op) {
      const Op whole = program.threads[thread][op];
      if (whole.kind != Op::Kind::kAllocate || whole.argument < 2) continue;
      for (const unsigned part : {1U, whole.argument / 2U, whole.argument - 1U}) {
        Program shrunk = program;
        shrunk.threads[thread][op].argument = static_cast<std::uint8_t>(part);
        add_if_well_formed(smaller, std::move(shrunk));
      }
    }
  }
  return smaller;
}

std::optional<Counterexample> minimize(const CheckJob& job, const std::string& property,
                                       const SearchOptions& options, const MinimizeLimits& limits) {
  ExploreOptions how = first_options(job, options);
  const CheckJob minimal = with_least_program(job, property, how, limits);
  // One thread has one schedule; and what is asked of Relacy's own search is made for several.
  const bool has_choices = how.search != Search::kGraph && minimal.program.threads.size() > 1;
  if (has_choices) {
    auto found = fewest_preemptions(minimal, property, limits.seconds);
    if (found) return found;
  }
  how.time_limit = limits.seconds;
  ExploreResult found = search(minimal, property, how);
  if (found.verdict != Verdict::kViolated) return std::nullopt;
  return counterexample_of(minimal, std::move(found),
                           minimal.program.threads.size() > 1 ? std::nullopt : std::optional(0U));
}

}  // namespace slabproof::model
