#include "model/check/environment.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace slabproof::model {
namespace {

constexpr std::size_t kMaxJobs = 256;

/// Of SLABPROOF_JOBS.
std::expected<std::size_t, std::string> parse_jobs(std::string_view text) {
  std::size_t jobs = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), jobs);
  if (error == std::errc() && end == text.data() + text.size() && jobs >= 1 && jobs <= kMaxJobs) {
    return jobs;
  }
  return std::unexpected(fmt::format(
      "SLABPROOF_JOBS is not valid: expected a number from 1 to {}, not '{}'", kMaxJobs, text));
}

/// Of SLABPROOF_SHARD.
std::expected<ExploreOptions::Share, std::string> parse_shard(std::string_view text) {
  ExploreOptions::Share shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  if (index.ec == std::errc() && index.ptr != end && *index.ptr == '/') {
    const auto count = std::from_chars(index.ptr + 1, end, shard.count);
    if (count.ec == std::errc() && count.ptr == end && shard.index < shard.count) return shard;
  }
  return std::unexpected(fmt::format(
      "SLABPROOF_SHARD is not valid: expected INDEX/COUNT, such as 0/3, not '{}'", text));
}

}  // namespace

std::expected<CheckEnvironment, std::string> read_environment(std::string_view place) {
  CheckEnvironment environment;
  if (const char* const file = std::getenv("SLABPROOF_TRACE")) environment.trace_file = file;
  if (const char* const text = std::getenv("SLABPROOF_JOBS")) {
    const auto jobs = parse_jobs(text);
    if (!jobs) return std::unexpected(jobs.error());
    environment.jobs = *jobs;
  }
  if (const char* const text = std::getenv("SLABPROOF_SHARD")) {
    const auto shard = parse_shard(text);
    if (!shard) return std::unexpected(shard.error());
    environment.shard = *shard;
  }
  const char* const replay = std::getenv("SLABPROOF_REPLAY");
  if (replay == nullptr) return environment;
  const std::string_view text = replay;
  // The name of a file may have spaces.
  environment.is_of_another = !text.starts_with(fmt::format("{} ", place));
  if (environment.is_of_another) {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(' ', colon) != std::string_view::npos) {
      return environment;
    }
    return std::unexpected(
        fmt::format("SLABPROOF_REPLAY is not valid: expected FILE:LINE SCHEDULE, not '{}'", text));
  }
  auto schedule = parse_schedule(text.substr(place.size() + 1));
  if (!schedule) {
    return std::unexpected("SLABPROOF_REPLAY is not valid: " + schedule.error());
  }
  environment.replay = std::move(*schedule);
  return environment;
}

}  // namespace slabproof::model
