#ifndef SLABPROOF_BATCH_POLICY_H_
#define SLABPROOF_BATCH_POLICY_H_

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "slabproof/language.h"

namespace slabproof {

/// How many blocks a remote gathers before it pushes them. `size` is at least 1. `pushed` is
/// called after each push of a full batch: `onto_others` says that the owner had not yet taken what
/// was pushed before. Used by one thread; nothing throws.
template <class B>
concept BatchPolicy = std::is_nothrow_default_constructible_v<B> &&
                      std::is_nothrow_copy_constructible_v<B> && requires(B batch, const B now) {
                        { now.size() } noexcept -> std::same_as<std::size_t>;
                        { batch.pushed(true) } noexcept;
                      };

/// Always the same number of blocks.
template <std::size_t kBlocks>
class FixedBatch {
  static_assert(kBlocks > 0, "slabproof: a batch holds at least one block");

 public:
  /// Blocks of a batch, from now on.
  [[nodiscard]] std::size_t size() const noexcept { return kBlocks; }
  /// After each push: whether earlier blocks were still there.
  void pushed(bool /*onto_others*/) noexcept {}
};

/// Follows the owner: 8, 16, 32, 64 or 128 blocks. Where the owner comes late, it finds several
/// batches at once, and pushing more rarely costs it nothing; where it waits for blocks, it gets
/// them soon.
///
/// Of each window of pushes it counts those that found earlier blocks still there. Three quarters
/// or more: one step up; a quarter or less: one step down; the span in between, and the pushes
/// right after a step, which it does not count, keep it from swinging.
class AdaptiveBatch {
 public:
  /// The sizes of batches, in blocks.
  static constexpr std::array<std::size_t, 5> kSteps = {8, 16, 32, 64, 128};
  static constexpr std::uint32_t kWindow = 8;    ///< pushes that are counted before a decision
  static constexpr std::uint32_t kCooldown = 8;  ///< pushes after a step that are not counted

  /// Blocks of a batch, from now on.
  [[nodiscard]] std::size_t size() const noexcept { return kSteps[step_]; }

  /// After each push: whether earlier blocks were still there.
  void pushed(bool onto_others) noexcept {
    if (cooldown_ > 0) {
      --cooldown_;
      return;
    }
    ++pushes_;
    if (onto_others) ++onto_others_;
    if (pushes_ < kWindow) return;
    if (onto_others_ >= kWindow * 3 / 4 && step_ + 1 < kSteps.size()) {
      ++step_;
      cooldown_ = kCooldown;
    } else if (onto_others_ <= kWindow / 4 && step_ > 0) {
      --step_;
      cooldown_ = kCooldown;
    }
    pushes_ = 0;
    onto_others_ = 0;
  }

 private:
  std::size_t step_ = 0;
  std::uint32_t pushes_ = 0;       ///< in this window
  std::uint32_t onto_others_ = 0;  ///< of them
  std::uint32_t cooldown_ = 0;
};

static_assert(BatchPolicy<FixedBatch<1>> && BatchPolicy<AdaptiveBatch>);

}  // namespace slabproof

#endif  // SLABPROOF_BATCH_POLICY_H_
