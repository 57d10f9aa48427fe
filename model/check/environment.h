#ifndef SLABPROOF_MODEL_CHECK_ENVIRONMENT_H_
#define SLABPROOF_MODEL_CHECK_ENVIRONMENT_H_

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "model/search/explore.h"
#include "model/search/schedule.h"

namespace slabproof::model {

/// What the environment of the process asks for; see `check`.
struct CheckEnvironment {
  std::optional<Schedule> replay;  ///< of this check
  std::string trace_file;          ///< or empty
  std::optional<std::size_t> jobs;
  ExploreOptions::Share shard = {};
  bool is_of_another = false;  ///< a replay is asked for, of another check
};

/// Of the check at `place`. Errors: a sentence that names the variable.
[[nodiscard]] std::expected<CheckEnvironment, std::string> read_environment(std::string_view place);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CHECK_ENVIRONMENT_H_
