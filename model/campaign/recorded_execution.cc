#include "model/campaign/recorded_execution.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "model/program/fit.h"

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
  auto program = parse_program(text_member(object, "program"));
  if (!program) throw std::invalid_argument("\"program\": " + program.error().message);
  RecordedExecution recorded{.program = std::move(*program), .slab = {}, .schedule = {}};
  recorded.slab.capacity = number_member(object, "capacity", 1, kMaxCapacity);
  recorded.slab.initial_segments =
      number_member(object, "initial_segments", 0, kMaxInitialSegments);
  recorded.slab.recheck_all = !word_member(object, "recheck", "all", "new");
  recorded.slab.slot_states = word_member(object, "protection", "none", "slot-states");
  // A shared slab needs neither, and recordings from before there were others have none.
  if (object.contains("slab")) {
    const std::string name = text_member(object, "slab");
    const auto family = parse_family(name);
    if (!family) throw std::invalid_argument(fmt::format("\"slab\": there is no {:?}", name));
    recorded.slab.family = *family;
    recorded.slab.batch = number_member(object, "batch", 1, kMaxSlabBatch);
  }
  if (const auto misfit = misfit_of(recorded.program, recorded.slab)) {
    throw std::invalid_argument(*misfit);
  }
  auto schedule = parse_schedule(text_member(object, "schedule"));
  if (!schedule) throw std::invalid_argument("\"schedule\": " + schedule.error());
  recorded.schedule = std::move(*schedule);
  return recorded;
}

}  // namespace

std::string to_text(const RecordedExecution& recorded) {
  const SlabSetup& slab = recorded.slab;
  nlohmann::ordered_json object = {{"program", to_text(recorded.program)},
                                   {"capacity", slab.capacity},
                                   {"initial_segments", slab.initial_segments},
                                   {"recheck", recheck_name(slab.recheck_all)},
                                   {"protection", slab.slot_states ? "slot-states" : "none"}};
  if (slab.family != SlabFamily::kShared) {
    object["slab"] = to_text(slab.family);
    object["batch"] = slab.batch;
  }
  object["schedule"] = to_text(recorded.schedule);
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
