#ifndef SLABPROOF_MODEL_CAMPAIGN_VIOLATING_PAIR_H_
#define SLABPROOF_MODEL_CAMPAIGN_VIOLATING_PAIR_H_

#include <optional>

#include "model/search/trace.h"
#include "model/slab/violation.h"

namespace slabproof::model {

/// Marks in the trace of a failing execution what broke the property and what that clashed with.
///
/// Where the oracle found the violation, these are the critical sections that it names, or the
/// beginnings of the operations where it names no sections; otherwise see `mark_clash`.
void mark_violating_pair(Trace& trace, const std::optional<Violation>& by_oracle);

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_VIOLATING_PAIR_H_
