// Random programs on real threads with perturbed timing.
//
// What is judged, and where, stands at run_concurrently in concurrent_run.h: S1 to S7, S10 to S12
// and L2, of which S12, linearizability of every call and of the very blocks handed out, is the
// centre. Of slabs with caches and of owners it is C1 to C7, R1 and R2, as run_fast_paths says.
// Data races (S8) are for ThreadSanitizer, under which this runs as well.

#include <rapidcheck.h>

#include <cstdint>
#include <iostream>
#include <string>

#include "model/program/fit.h"
#include "tests/properties/concurrent_run.h"
#include "tests/properties/fast_path_run.h"
#include "tests/properties/program_generator.h"
#include "tests/properties/property_runner.h"
#include "tests/properties/subjects.h"

namespace slabproof::properties {
namespace {

/// Runs of one program, each with other timing. Once a program has failed, smaller ones are tried
/// harder: a race that shows in one run of ten must not be shrunk to something else.
constexpr int kRuns = 4;
constexpr int kRunsWhenShrinking = 80;

/// By the judge of its family.
ConcurrentVerdict run_program(const SlabKind& subject, const Setup& setup,
                              const model::Program& program, std::uint64_t seed) {
  if (subject.traits.family == model::SlabFamily::kShared) {
    return run_concurrently(subject, setup, program, seed);
  }
  // Every other one without concurrency, so that more is known of it.
  return {.complaint = run_fast_paths(subject, setup, program, seed, seed % 2 == 0)};
}

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t overlapping_calls = 0;
  std::uint64_t inconclusive = 0;
};

void judge_program(const SlabKind& subject, std::uint64_t seed, LastFailure& failure,
                   Totals& totals) {
  Setup setup;
  setup.subject = subject.name;
  setup.capacity = *rc::gen::inRange<std::uint32_t>(1, 7);
  setup.initial = setup.granted_initial = *rc::gen::inRange<std::uint32_t>(0, 3);
  const model::Program program = fitted(*programs({}), subject.traits.family);
  const int runs = failure ? kRunsWhenShrinking : kRuns;
  for (int run = 0; run < runs; ++run) {
    const auto verdict =
        run_program(subject, setup, program, seed + static_cast<std::uint64_t>(run));
    ++totals.runs;
    totals.overlapping_calls += verdict.overlapping_calls;
    totals.inconclusive += verdict.inconclusive ? 1 : 0;
    if (!verdict.complaint) continue;
    failure = SavedCase{.engine = SavedCase::Engine::kConcurrent,
                        .setup = setup,
                        .operations = {},
                        .program = program,
                        .seed = seed,
                        .found = verdict.complaint->substr(0, verdict.complaint->find('\n'))};
    RC_FAIL(*verdict.complaint);
  }
}

void check_all(PropertyRunner& runner) {
  Totals totals;
  for (const SlabKind& subject : subjects()) {
    if (!runner.wants(subject.name) || !subject.traits.grows) continue;
    const bool is_shared = subject.traits.family == model::SlabFamily::kShared;
    LastFailure failure;
    runner.check("programs_on_" + subject.name, {.cases = is_shared ? 400 : 200}, failure,
                 [&] { judge_program(subject, runner.options().seed, failure, totals); });
  }
  if (runner.options().listing) return;
  std::cout << totals.runs << " runs, " << totals.overlapping_calls << " overlapping calls, "
            << totals.inconclusive << " histories left unjudged\n";
}

}  // namespace
}  // namespace slabproof::properties

int main(int argc, char** argv) {
  return slabproof::properties::run_properties(
      argc, argv, "Random programs on real threads, judged by linearizability.",
      &slabproof::properties::check_all);
}
