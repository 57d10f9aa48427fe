#include "model/campaign/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "model/campaign/run.h"

namespace slabproof::model {
namespace {

constexpr std::size_t kMaxSampledJobs = 64;
constexpr std::size_t kPartsOfAJob = 256;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// One job, from parts that are evenly spaced: every 16th, then those between, and so on, until the
/// time is up.
Estimate estimate_job(const CheckJob& job, const SearchOptions& options, double seconds_to_spend) {
  const double start = now();
  const JobSplit split = split_job(job, options, kPartsOfAJob);
  const std::size_t parts = split.parts.size();
  double executions = 0;
  double seconds = 0;
  std::size_t explored = 0;
  bool complete = true;
  for (std::size_t offset = 0; offset < 16; ++offset) {
    for (std::size_t part = (offset * 7) % 16; part < parts; part += 16) {
      const double left = seconds_to_spend - (now() - start);
      if (left <= 0 && explored > 0) break;
      const PartOutcome outcome =
          explore_part(job, options, split, part, std::max(left, 0.01), {}, {});
      executions += static_cast<double>(outcome.executions);
      seconds += outcome.seconds;
      complete = complete && outcome.complete;
      ++explored;
    }
  }
  const double scale = static_cast<double>(parts) / static_cast<double>(explored);
  return {.executions = executions * scale,
          .seconds = seconds * scale,
          .is_exact = complete && explored == parts};
}

/// Three significant digits.
std::string rounded(double number) {
  double unit = 1;
  while (number / unit >= 1000) unit *= 10;
  const auto whole =
      static_cast<unsigned long long>(number / unit + 0.5) * static_cast<unsigned long long>(unit);
  return fmt::format("{}", whole);
}

}  // namespace

Estimate estimate(const std::vector<CheckJob>& jobs, const SearchOptions& options,
                  double seconds_to_spend) {
  const std::size_t samples = std::min(jobs.size(), kMaxSampledJobs);
  Estimate sum{.executions = 0, .seconds = 0, .is_exact = samples == jobs.size()};
  for (std::size_t i = 0; i < samples; ++i) {
    const std::size_t begin = jobs.size() * i / samples;
    const std::size_t end = jobs.size() * (i + 1) / samples;
    const Estimate one = estimate_job(jobs[(begin + end) / 2], options,
                                      seconds_to_spend / static_cast<double>(samples));
    const auto stands_for = static_cast<double>(end - begin);
    sum.executions += one.executions * stands_for;
    sum.seconds += one.seconds * stands_for;
    sum.is_exact = sum.is_exact && one.is_exact;
  }
  return sum;
}

std::string to_text(const Estimate& estimate) {
  if (estimate.is_exact) {
    return fmt::format("{:.0f} executions, all explored in {:.2f} s", estimate.executions,
                       estimate.seconds);
  }
  return fmt::format("about {} executions, {} s in one process", rounded(estimate.executions),
                     rounded(estimate.seconds));
}

}  // namespace slabproof::model
