#ifndef SLABPROOF_MODEL_STATES_STATE_TABLE_H_
#define SLABPROOF_MODEL_STATES_STATE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/states/fingerprint.h"

namespace slabproof::model {

/// The states that were reached: 16 bytes each in a table that is at most three quarters full, or
/// the states themselves. It holds no more than the memory it is allowed.
class StateTable {
 public:
  struct Options {
    bool keeps_whole_states = false;
    std::size_t memory_limit = 0;  ///< bytes
  };
  explicit StateTable(Options options);

  enum class Found : std::uint8_t { kNew, kKnown, kNoRoom };
  /// Adds a state unless it is known. O(1), expected.
  Found add(const Fingerprint& fingerprint, std::span<const std::uint64_t> words);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t bytes() const noexcept;
  /// Different states with one fingerprint, where whole states are kept.
  [[nodiscard]] std::size_t collisions() const noexcept { return collisions_; }

 private:
  /// Where a state is kept, if it is: bytes in `whole_`.
  struct Place {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  [[nodiscard]] bool make_room(std::size_t more_bytes);
  [[nodiscard]] bool holds(std::size_t slot, std::span<const std::byte> packed) const;

  const Options options_;
  std::vector<Fingerprint> slots_;  ///< open addressing; all zero: free
  std::vector<Place> places_;       ///< by slot, where whole states are kept
  std::vector<std::byte> whole_;
  std::vector<std::byte> packed_;  ///< the state that is looked for
  std::size_t size_ = 0;
  std::size_t collisions_ = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_STATES_STATE_TABLE_H_
