#ifndef SLABPROOF_MODEL_COMMAND_MERGE_H_
#define SLABPROOF_MODEL_COMMAND_MERGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/campaign/run_result.h"

namespace slabproof::model {

/// The sum over the shards of one job.
struct MergedResult {
  RunResult result;
  std::uint32_t shards = 0;  ///< so many there are
  std::vector<std::uint32_t> missing;
  double least_seconds = 0;  ///< of one shard that is there
  double most_seconds = 0;
};

/// Results of shards, as `check --shard I/N --json FILE` wrote them.
class ShardReports {
 public:
  /// Adds what a file holds; what is wrong with it, or nothing. A file may hold several jobs, and
  /// shards of one job may have been given in any order, each once; all of one build
  /// (`build_identity`).
  [[nodiscard]] std::optional<std::string> add(const std::string& file, const std::string& text);

  /// One result for each job and way to search, in the order in which they came. It is exhaustive
  /// if all shards are there and nothing cut one of them, and then judged as a search of the whole
  /// job is. What is missing makes it inconclusive, unless a shard has found a violation.
  [[nodiscard]] std::vector<MergedResult> merge() const;

 private:
  struct Report {
    std::string file;
    RunResult result;
  };
  struct Job {
    std::string key;
    std::uint32_t shards;
    std::map<std::uint32_t, Report> reports;  ///< by index of the shard
  };

  static MergedResult merge(const Job& job);

  std::vector<Job> jobs_;
  std::string build_;  // of the first
};

/// A line for people, below the row of the result: how many shards there are, how long they took,
/// which are missing.
[[nodiscard]] std::string format_shards(const MergedResult& merged);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_COMMAND_MERGE_H_
