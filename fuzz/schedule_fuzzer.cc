// A program and its schedule, run on the slab under the model checker: libFuzzer chooses which
// thread makes the next step and which value a load reads.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "fuzz/decision_points.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/schedule_input.h"
#include "slabproof/model/check_job.h"
#include "slabproof/model/explore.h"
#include "slabproof/model/oracle.h"
#include "slabproof/model/program_execution.h"
#include "slabproof/model/subject_factory.h"

namespace slabproof::fuzz {
namespace {

/// The program of the last input, made ready to run. Most mutations change the schedule alone, and
/// to make a program ready takes longer than to run it.
class PreparedProgram {
 public:
  explicit PreparedProgram(const ScheduleInput& input)
      : input_(input),
        subject_(model::make_subject(
            {.recheck_all = input.recheck_all, .slot_states = input.slot_states})),
        execution_(*subject_, input.program, input.capacity, input.initial_segments),
        oracle_(execution_.setting(), input.program) {
    execution_.set_judge([this](const model::History& history) { return oracle_.judge(history); });
  }

  static PreparedProgram& of(const ScheduleInput& input) {
    static std::unique_ptr<PreparedProgram> last;
    if (last == nullptr || !last->is_for(input)) {
      last.reset();  // one at a time: the model's memory is one
      last = std::make_unique<PreparedProgram>(input);
    }
    return *last;
  }

  [[nodiscard]] model::ExploreResult run(Bytes choices) {
    model::ExploreOptions options;
    options.search = model::Search::kBytes;
    options.bytes = choices;
    options.trace = false;
    return model::explore(execution_, options);
  }

  [[nodiscard]] const model::History& history() const { return execution_.history(); }
  [[nodiscard]] const model::Measures& measures() const { return oracle_.measures(); }

 private:
  [[nodiscard]] bool is_for(const ScheduleInput& input) const {
    return input.recheck_all == input_.recheck_all && input.slot_states == input_.slot_states &&
           input.capacity == input_.capacity && input.initial_segments == input_.initial_segments &&
           input.program == input_.program;
  }

  const ScheduleInput input_;
  std::unique_ptr<model::Subject> subject_;
  model::ProgramExecution execution_;
  model::Oracle oracle_;
};

}  // namespace

void run_input(Bytes bytes) {
  const ScheduleInput input = schedule_input_from_bytes(bytes);
  PreparedProgram& program = PreparedProgram::of(input);
  const model::ExploreResult result = program.run(input.choices);
  if (result.violation) fail(result.violation->property, result.violation->message);
  reach_decision_points(program.history(), program.measures().over_growth);
}

std::string describe_input(Bytes bytes) {
  const ScheduleInput input = schedule_input_from_bytes(bytes);
  model::RecordedExecution recorded;
  recorded.job.program = input.program;
  recorded.job.capacity = input.capacity;
  recorded.job.initial_segments = input.initial_segments;
  recorded.job.recheck = input.recheck_all ? Recheck::kAllSegments : Recheck::kNewSegments;
  recorded.job.protection =
      input.slot_states ? model::ProtectionChoice::kSlotStates : model::ProtectionChoice::kNone;
  recorded.schedule = PreparedProgram::of(input).run(input.choices).schedule;
  return fmt::format("program: {}\ncapacity: {}\n{}", model::to_text(input.program), input.capacity,
                     model::to_text(recorded));
}

Input mutate_input(Bytes input, std::size_t max_size, Random& random) {
  Input mutated = to_bytes(mutate(schedule_input_from_bytes(input), random));
  mutated.resize(std::min(mutated.size(), max_size));
  return mutated;
}

Input cross_inputs(Bytes first, Bytes second, std::size_t max_size, Random& random) {
  Input crossed =
      to_bytes(cross(schedule_input_from_bytes(first), schedule_input_from_bytes(second), random));
  crossed.resize(std::min(crossed.size(), max_size));
  return crossed;
}

std::vector<Input> simpler_inputs(Bytes input) {
  std::vector<Input> results;
  for (const ScheduleInput& each : simpler(schedule_input_from_bytes(input))) {
    results.push_back(to_bytes(each));
  }
  return results;
}

}  // namespace slabproof::fuzz
