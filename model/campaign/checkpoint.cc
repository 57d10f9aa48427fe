#include "model/campaign/checkpoint.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace slabproof::model {
namespace {

constexpr std::string_view kKind = R"({"slabproof_checkpoint":)";

std::string title_of(const std::string& build) {
  return fmt::format(R"({}3,"build":"{}"}})", kKind, build);
}

struct Entry {
  std::string job;
  std::size_t part;
  PartOutcome outcome;
};

std::optional<Entry> parse_entry(const std::string& line) {
  const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("job") || !object["job"].is_string() ||
      !object.contains("part") || !object["part"].is_number_unsigned() ||
      !object.contains("outcome")) {
    return std::nullopt;
  }
  auto outcome = parse_part_outcome(object["outcome"].dump());
  if (!outcome) return std::nullopt;
  return Entry{object["job"].get<std::string>(), object["part"].get<std::size_t>(),
               std::move(*outcome)};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

Checkpoint::Checkpoint(const std::string& file, const std::string& build) {
  const std::string title = title_of(build);
  read(file, title);
  stream_.open(file, std::ios::app);
  if (!stream_) throw std::runtime_error(fmt::format("cannot write the checkpoint \"{}\"", file));
  if (!ends_in_newline_) stream_ << '\n';
  if (stream_.tellp() == 0) stream_ << title << '\n' << std::flush;
}

void Checkpoint::read(const std::string& file, const std::string& title) {
  std::ifstream stream(file);
  if (!stream) return;
  std::ostringstream text;
  text << stream.rdbuf();
  const std::vector<std::string> lines = lines_of(text.str());
  if (lines.empty()) return;
  if (lines.front() != title) {
    const bool is_of_another_build = lines.front().starts_with(kKind);
    throw std::runtime_error(
        fmt::format("\"{}\" is {}; it was left as it is", file,
                    is_of_another_build ? "a checkpoint of another build, perhaps of other code"
                                        : "not a checkpoint"));
  }
  ends_in_newline_ = text.str().ends_with('\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    // A line that does not parse was being written when a run was interrupted.
    if (auto entry = parse_entry(lines[i])) {
      finished_.insert_or_assign({entry->job, entry->part}, std::move(entry->outcome));
    }
  }
}

std::optional<PartOutcome> Checkpoint::find(const std::string& job, std::size_t part) const {
  const auto found = finished_.find({job, part});
  return found == finished_.end() ? std::nullopt : std::optional(found->second);
}

void Checkpoint::add(const std::string& job, std::size_t part, const PartOutcome& outcome) {
  const nlohmann::ordered_json entry = {
      {"job", job}, {"part", part}, {"outcome", nlohmann::json::parse(to_json_line(outcome))}};
  stream_ << entry.dump() << '\n' << std::flush;
  if (!stream_) throw std::runtime_error("cannot write the checkpoint");
}

}  // namespace slabproof::model
