// Random programs under the model checker: rapidcheck thinks of the program, a bounded search with
// partial-order reduction goes through its executions, and the oracle judges each (properties S1
// to S8, S10 to S12, L1 to L3, see oracle.h; C1 to C7 and R1 to R3, see fast_path_oracle.h).
// Programs shrink as long as some execution fails.

#include <rapidcheck.h>

#include <cstdint>
#include <iostream>
#include <string>

#include "model/program/fit.h"
#include "tests/properties/checked_run.h"
#include "tests/properties/program_generator.h"
#include "tests/properties/property_runner.h"

namespace slabproof::properties {
namespace {

struct Totals {
  std::uint64_t programs = 0;
  std::uint64_t executions = 0;
  std::uint64_t exhaustive = 0;
  std::uint64_t inconclusive = 0;
};

void judge_program(const std::string& subject, std::uint64_t seed, LastFailure& failure,
                   Totals& totals) {
  Setup setup;
  setup.subject = subject;
  setup.capacity = *rc::gen::inRange<std::uint32_t>(1, 4);
  setup.initial = setup.granted_initial = *rc::gen::inRange<std::uint32_t>(0, 2);
  const model::SlabFamily family = checked_setup(subject)->family;
  const model::Program program = fitted(*programs({.max_threads = 4, .max_ops = 7}), family);
  const CheckedVerdict verdict = check_program(setup, program, {});
  ++totals.programs;
  totals.executions += verdict.executions;
  totals.exhaustive += verdict.exhaustive ? 1 : 0;
  totals.inconclusive += verdict.inconclusive ? 1 : 0;
  if (!verdict.complaint) return;
  failure = SavedCase{.engine = SavedCase::Engine::kChecked,
                      .setup = setup,
                      .operations = {},
                      .program = program,
                      .seed = seed,
                      .found = *verdict.complaint};
  RC_FAIL(*verdict.complaint);
}

void check_all(PropertyRunner& runner) {
  Totals totals;
  for (const std::string subject :
       {"checked all", "checked new", "checked all SlotStates", "checked new SlotStates",
        "checked cached 1", "checked cached 2", "checked auto-cached 1", "checked owner 1",
        "checked owner 2"}) {
    if (!runner.wants(subject)) continue;
    LastFailure failure;
    const bool is_shared = checked_setup(subject)->family == model::SlabFamily::kShared;
    runner.check("programs_" + subject, {.cases = is_shared ? 500 : 100}, failure,
                 [&] { judge_program(subject, runner.options().seed, failure, totals); });
  }
  if (runner.options().listing) return;
  std::cout << totals.programs << " programs, " << totals.executions << " executions, "
            << totals.exhaustive << " programs explored in full, " << totals.inconclusive
            << " left unjudged\n";
}

}  // namespace
}  // namespace slabproof::properties

int main(int argc, char** argv) {
  return slabproof::properties::run_properties(
      argc, argv, "Random programs, each under a bounded search of the model checker.",
      &slabproof::properties::check_all);
}
