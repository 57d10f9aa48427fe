#ifndef SLABPROOF_MODEL_CAMPAIGN_RECORDED_EXECUTION_H_
#define SLABPROOF_MODEL_CAMPAIGN_RECORDED_EXECUTION_H_

#include <expected>
#include <string>
#include <string_view>

#include "model/program/program.h"
#include "model/program/slab_setup.h"
#include "model/search/schedule.h"

namespace slabproof::model {

/// An execution that can be run again: everything that it depends on.
struct RecordedExecution {
  Program program;
  SlabSetup slab;
  Schedule schedule;

  friend bool operator==(const RecordedExecution&, const RecordedExecution&) = default;
};

/// One line of JSON.
[[nodiscard]] std::string to_text(const RecordedExecution& recorded);
/// Errors: a sentence that says what is wrong. Any text will do; nothing in it is trusted.
[[nodiscard]] std::expected<RecordedExecution, std::string> parse_recorded(std::string_view text);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_RECORDED_EXECUTION_H_
