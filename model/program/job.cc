#include "model/program/job.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

namespace slabproof::model {
namespace {

constexpr std::uint32_t kMaxCapacity = 64;
constexpr std::uint32_t kMaxInitialSegments = 16;

/// A member that must be there and be a string.
std::string text_member(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) {
    throw std::invalid_argument(fmt::format("\"{}\" must be a string", name));
  }
  return member->get<std::string>();
}

/// A member that must be there and be a whole number of the range.
std::uint32_t number_member(const nlohmann::json& object, const char* name, std::uint32_t least,
                            std::uint32_t most) {
  const auto member = object.find(name);
  const bool fits = member != object.end() && member->is_number_unsigned() &&
                    member->get<std::uint64_t>() >= least && member->get<std::uint64_t>() <= most;
  if (!fits) {
    throw std::invalid_argument(
        fmt::format("\"{}\" must be a number from {} to {}", name, least, most));
  }
  return member->get<std::uint32_t>();
}

/// A member that must be one of two words; true for the second.
bool word_member(const nlohmann::json& object, const char* name, std::string_view first,
                 std::string_view second) {
  const std::string word = text_member(object, name);
  if (word != first && word != second) {
    throw std::invalid_argument(
        fmt::format("\"{}\" must be \"{}\" or \"{}\", not {:?}", name, first, second, word));
  }
  return word == second;
}

RecordedExecution recorded_from(const nlohmann::json& object) {
  if (!object.is_object()) throw std::invalid_argument("it must be a JSON object");
  RecordedExecution recorded;
  auto program = parse_program(text_member(object, "program"));
  if (!program) throw std::invalid_argument("\"program\": " + program.error().message);
  recorded.job.program = std::move(*program);
  recorded.job.capacity = number_member(object, "capacity", 1, kMaxCapacity);
  recorded.job.initial_segments = number_member(object, "initial_segments", 0, kMaxInitialSegments);
  recorded.job.recheck =
      word_member(object, "recheck", "all", "new") ? Recheck::kNewSegments : Recheck::kAllSegments;
  recorded.job.protection = word_member(object, "protection", "none", "slot-states")
                                ? ProtectionChoice::kSlotStates
                                : ProtectionChoice::kNone;
  auto schedule = parse_schedule(text_member(object, "schedule"));
  if (!schedule) throw std::invalid_argument("\"schedule\": " + schedule.error());
  recorded.schedule = std::move(*schedule);
  return recorded;
}

}  // namespace

CheckJob job_of(const Scenario& scenario) {
  auto program = parse_program(scenario.program);
  if (!program) throw std::logic_error("a built-in scenario does not parse");
  return {.scenario = std::string(scenario.name),
          .program = std::move(*program),
          .capacity = scenario.capacity,
          .initial_segments = scenario.initial_segments,
          .recheck = scenario.recheck,
          .protection = scenario.protection,
          .over_growth = scenario.over_growth,
          .executions = scenario.executions,
          .executions_with_symmetry = scenario.executions_with_symmetry};
}

bool frees_again(const Program& program) {
  return std::ranges::any_of(program.threads, [](const std::vector<Op>& thread) {
    return std::ranges::any_of(thread, [](Op op) { return op.kind == Op::Kind::kFreeAgain; });
  });
}

std::string to_text(const RecordedExecution& recorded) {
  const CheckJob& job = recorded.job;
  const nlohmann::ordered_json object = {
      {"program", to_text(job.program)},
      {"capacity", job.capacity},
      {"initial_segments", job.initial_segments},
      {"recheck", job.recheck == Recheck::kAllSegments ? "all" : "new"},
      {"protection", job.protection == ProtectionChoice::kNone ? "none" : "slot-states"},
      {"schedule", to_text(recorded.schedule)}};
  return object.dump();
}

std::expected<RecordedExecution, std::string> parse_recorded(std::string_view text) {
  const auto object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_discarded()) return std::unexpected("it is not JSON");
  try {
    return recorded_from(object);
  } catch (const std::invalid_argument& problem) {
    return std::unexpected(problem.what());
  }
}

}  // namespace slabproof::model
