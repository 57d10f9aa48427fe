#include "model/program/job.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace slabproof::model {

CheckJob job_of(const Scenario& scenario) {
  auto program = parse_program(scenario.program);
  if (!program) throw std::logic_error("a built-in scenario does not parse");
  return {.scenario = std::string(scenario.name),
          .program = std::move(*program),
          .slab = scenario.slab,
          .has_many_threads = scenario.has_many_threads,
          .over_growth = scenario.over_growth,
          .executions = scenario.executions,
          .executions_with_symmetry = scenario.executions_with_symmetry};
}

bool frees_again(const Program& program) {
  return std::ranges::any_of(program.threads, [](const std::vector<Op>& thread) {
    return std::ranges::any_of(thread, [](Op op) { return op.kind == Op::Kind::kFreeAgain; });
  });
}

}  // namespace slabproof::model
