// A program and its schedule, run on the slab under the model checker: libFuzzer chooses which
// thread makes the next step and which value a load reads.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "fuzz/engine/fuzz_target.h"
#include "fuzz/schedule/decision_points.h"
#include "fuzz/schedule/neighbour_schedules.h"
#include "fuzz/schedule/schedule_input.h"
#include "model/campaign/judged_program.h"
#include "model/campaign/recorded_execution.h"
#include "model/runtime/relacy_explore.h"
#include "model/search/execution_result.h"
#include "model/search/failure.h"
#include "model/search/schedule.h"
#include "model/slab/program_execution.h"
#include "model/slab/property.h"

namespace slabproof::fuzz {
namespace {

/// The program of the last input, made ready to run. Most mutations change the schedule alone, and
/// to make a program ready takes longer than to run it.
class PreparedProgram {
 public:
  explicit PreparedProgram(const ScheduleInput& input)
      : input_(input), judged_(input.slab, input.program) {}

  static PreparedProgram& of(const ScheduleInput& input) {
    static std::unique_ptr<PreparedProgram> last;
    if (last == nullptr || !last->is_for(input)) {
      last.reset();  // one at a time: the model's memory is one
      last = std::make_unique<PreparedProgram>(input);
    }
    return *last;
  }

  /// Runs the schedule of `choices`; what it violates, if anything.
  [[nodiscard]] std::optional<model::Failure> run(Bytes choices) {
    RecordingScheduler scheduler(choices, points_);
    model::ProgramExecution& execution = judged_.execution();
    const model::ExecutionResult ran =
        model::relacy_runner(execution.thread_count())
            .run(execution, scheduler, model::slab_run_settings(), nullptr);
    run_choices_ = ran.choices;
    return ran.failure != nullptr ? std::optional(*ran.failure) : execution.judge();
  }

  /// Runs the schedule of the input and then its neighbours, up to the first that violates
  /// something. `judged` is called after each that does not. Leaves the choices of the last one
  /// that was run in `last_choices()`.
  template <class Judged>
  [[nodiscard]] std::optional<model::Failure> run_all(const ScheduleInput& input, Judged judged) {
    last_choices_ = input.choices;
    if (auto failure = run(input.choices)) return failure;
    judged();
    if (input.alone) return std::nullopt;
    first_points_ = points_;
    const NeighbourSchedules neighbours(input.choices, first_points_);
    for (std::size_t i = 0; i < neighbours.count(); ++i) {
      neighbours.write(i, last_choices_);
      if (auto failure = run(last_choices_)) return failure;
      judged();
    }
    return std::nullopt;
  }
  /// Of the last execution.
  [[nodiscard]] std::span<const ChoicePoint> points() const noexcept { return points_; }
  /// Of the last execution, until the next one.
  [[nodiscard]] std::span<const model::Choice> schedule() const noexcept { return run_choices_; }
  [[nodiscard]] const Input& last_choices() const noexcept { return last_choices_; }

  [[nodiscard]] const model::History& history() const { return judged_.history(); }
  [[nodiscard]] const model::Measures& measures() const { return judged_.measures(); }

 private:
  [[nodiscard]] bool is_for(const ScheduleInput& input) const {
    return input.slab == input_.slab && input.program == input_.program;
  }

  const ScheduleInput input_;
  model::JudgedProgram judged_;
  std::vector<ChoicePoint> points_;
  std::vector<ChoicePoint> first_points_;
  std::span<const model::Choice> run_choices_;
  Input last_choices_;
};

void step_to_a_neighbour(ScheduleInput& input, Random& random) {
  PreparedProgram& program = PreparedProgram::of(input);
  if (program.run(input.choices)) return;
  const NeighbourSchedules neighbours(input.choices, program.points());
  if (neighbours.count() == 0) return;
  Input choices;
  neighbours.write(random.below(neighbours.count()), choices);
  input.choices = std::move(choices);
}

}  // namespace

void run_input(Bytes bytes) {
  const ScheduleInput input = schedule_input_from_bytes(bytes);
  PreparedProgram& program = PreparedProgram::of(input);
  std::uint64_t executions = 0;
  const auto failure = program.run_all(input, [&] {
    ++executions;
    reach_decision_points(program.history(), input.slab.family, program.measures().over_growth);
  });
  count_executions(executions + (failure ? 1 : 0));
  if (failure) fail(property_of(*failure), to_text(*failure));
}

std::string describe_input(Bytes bytes) {
  const ScheduleInput input = schedule_input_from_bytes(bytes);
  PreparedProgram& program = PreparedProgram::of(input);
  // The schedule that fails, or else that of the input.
  if (!program.run_all(input, [] {})) std::ignore = program.run(input.choices);
  model::RecordedExecution recorded{.program = input.program, .slab = input.slab, .schedule = {}};
  const auto choices = program.schedule();
  recorded.schedule.choices.assign(choices.begin(), choices.end());
  return fmt::format("program: {}\ncapacity: {}\n{}", model::to_text(input.program),
                     input.slab.capacity, model::to_text(recorded));
}

Input mutate_input(Bytes bytes, std::size_t max_size, Random& random) {
  ScheduleInput input = schedule_input_from_bytes(bytes);
  // What is new about an input may be in one of its neighbours, so an input is as likely to be
  // mutated from there as from the schedule that it names.
  if (random.below(2) == 0) step_to_a_neighbour(input, random);
  Input mutated = to_bytes(mutate(std::move(input), random));
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
  const ScheduleInput whole = schedule_input_from_bytes(input);
  if (!whole.alone) {
    // The schedule that fails, alone: what comes after has one schedule to shrink.
    ScheduleInput alone = whole;
    alone.alone = true;
    if (PreparedProgram& program = PreparedProgram::of(whole); program.run_all(whole, [] {})) {
      alone.choices = program.last_choices();
    }
    results.push_back(to_bytes(alone));
  }
  for (const ScheduleInput& each : simpler(whole)) results.push_back(to_bytes(each));
  return results;
}

}  // namespace slabproof::fuzz
