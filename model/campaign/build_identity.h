#ifndef SLABPROOF_MODEL_CAMPAIGN_BUILD_IDENTITY_H_
#define SLABPROOF_MODEL_CAMPAIGN_BUILD_IDENTITY_H_

#include <string>

namespace slabproof::model {

/// 32 digits that the text of the running program has: what another build has found, of other code
/// perhaps, says nothing of this one. Reads the program's file; throws std::runtime_error where it
/// cannot.
[[nodiscard]] std::string build_identity();

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_CAMPAIGN_BUILD_IDENTITY_H_
