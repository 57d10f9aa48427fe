#ifndef SLABPROOF_MODEL_CAMPAIGN_CHECKPOINT_H_
#define SLABPROOF_MODEL_CAMPAIGN_CHECKPOINT_H_

#include <cstddef>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "model/campaign/part_outcome.h"

namespace slabproof::model {

/// What of an interrupted run is done already: a file with one line of JSON for each finished part,
/// written as soon as it is finished. A last line that was cut off is ignored, and its part is done
/// again.
class Checkpoint {
 public:
  /// Opens or creates the file. Throws std::runtime_error where it can be neither read nor written,
  /// or holds something else, or what another build has found (`build_identity`): nothing is
  /// overwritten then.
  Checkpoint(const std::string& file, const std::string& build);

  /// `job` names everything that the outcome depends on but the part: program, slab, search, split.
  [[nodiscard]] std::optional<PartOutcome> find(const std::string& job, std::size_t part) const;
  void add(const std::string& job, std::size_t part, const PartOutcome& outcome);

 private:
  void read(const std::string& file, const std::string& title);

  std::map<std::pair<std::string, std::size_t>, PartOutcome> finished_;
  std::ofstream stream_;
  bool ends_in_newline_ = true;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_CHECKPOINT_H_
