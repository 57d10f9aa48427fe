#include "model/campaign/judged_program.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "model/campaign/violating_pair.h"
#include "model/search/engine.h"
#include "model/slab/subject_factory.h"

namespace slabproof::model {
namespace {

// Well above what the longest program needs; a hang is told sooner, and its trace stays small.
constexpr std::uint64_t kAccessLimit = 100'000;

}  // namespace

JudgedProgram::JudgedProgram(const CheckJob& job)
    : subject_(make_subject({.recheck_all = job.recheck == Recheck::kAllSegments,
                             .slot_states = job.protection == ProtectionChoice::kSlotStates})),
      execution_(*subject_, job.program, job.capacity, job.initial_segments),
      oracle_(execution_.setting(), job.program),
      step_trace_(execution_.setting(), job.program) {
  execution_.set_judge([this](const History& history) { return judge(history); });
}

void JudgedProgram::emit_steps(std::function<void(const std::string&)> sink) {
  steps_sink_ = std::move(sink);
}

void JudgedProgram::flush_steps() {
  if (steps_.empty()) return;
  steps_sink_(steps_);
  steps_.clear();
}

ExploreResult JudgedProgram::run(ExploreOptions options) {
  options.run = {};
  options.run.access_limit = kAccessLimit;
  const auto told = options.on_execution;
  if (steps_sink_) {
    options.on_execution = [&](const ExecutionEnd& end) {
      // The oracle sees complete executions only.
      if (Engine::instance().failure()) step_trace_.append_stopped(execution_.history(), steps_);
      if (told) told(end);
    };
  }
  ExploreResult explored = explore(execution_, options);
  flush_steps();
  if (explored.violation) {
    // What stopped an execution in the middle was not found by the oracle.
    const bool by_oracle = violation_ && violation_->property == explored.violation->property &&
                           violation_->message == explored.violation->message;
    mark_violating_pair(explored.trace, by_oracle ? violation_ : std::nullopt);
  }
  return explored;
}

std::optional<Violation> JudgedProgram::judge(const History& history) {
  // A run for a trace repeats an execution.
  if (steps_sink_ && Engine::instance().trace() == nullptr) {
    constexpr std::size_t kWorthWriting = std::size_t{1} << 20;
    step_trace_.append(history, steps_);
    if (steps_.size() >= kWorthWriting) flush_steps();
  }
  violation_ = oracle_.judge(history);
  if (violation_) return violation_;
  const Measures& measures = oracle_.measures();
  max_segments_ = std::max(max_segments_, measures.segments);
  if (!witness_ || measures.over_growth > max_over_growth_) {
    max_over_growth_ = measures.over_growth;
    const Engine& engine = Engine::instance();
    witness_ = Schedule{.unlock_is_step = engine.settings().unlock_is_step,
                        .choices = {engine.choices().begin(), engine.choices().end()}};
  }
  return std::nullopt;
}

}  // namespace slabproof::model
