#ifndef SLABPROOF_MODEL_SEARCH_LIMITS_H_
#define SLABPROOF_MODEL_SEARCH_LIMITS_H_

#include <cstddef>

namespace slabproof::model {

/// The most threads that a program under the checker may have.
inline constexpr std::size_t kMaxThreads = 8;

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_LIMITS_H_
