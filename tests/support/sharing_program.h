#ifndef SLABPROOF_TESTS_SUPPORT_SHARING_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_SHARING_PROGRAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/search/failure.h"
#include "model/search/limits.h"
#include "tests/support/growth_program.h"

namespace slabproof::testing {

template <Recheck kScope>
struct SharingConfig : GrowthConfig {
  static constexpr Recheck recheck = kScope;
  static constexpr Growth growth = Growth::kShared;
};

/// Judges also that no call fails unless the backing refused; that calls which meet a full slab ask
/// for no more segments than they need where nobody frees; that none waits where each segment on
/// its way is of one slot, which its grower takes; and that who has waited need not ask (property
/// L7).
template <class Config>
class SharingThreads final : public GrowthOfThreads<Config> {
  using Base = GrowthOfThreads<Config>;

 public:
  using Base::Base;

  void before() override {
    acquisitions_ = {};
    waited_in_vain_ = false;
    Base::before();
  }

  void acquired(std::size_t thread, std::uint16_t /*mutex*/) override { ++acquisitions_[thread]; }

  void region_event(const model::RegionEvent& event) override {
    Base::region_event(event);
    if (!Base::is_request(event)) return;
    const bool is_one_call = this->program().threads[*event.thread] == "a";
    if (is_one_call && acquisitions_[*event.thread] > 1) waited_in_vain_ = true;
  }

  std::optional<model::Failure> judge() override {
    if (auto wrong = Base::judge()) return wrong;
    if (count('!') == 0 && this->failures() != 0) {
      return Base::failure("L3", "fails although nothing was refused");
    }
    if (count('!') + count('o') + count('f') == 0 &&
        this->requests() > this->segments_for(count('a') + 2 * count('b'))) {
      return Base::failure("L7", "more segments are asked for than are needed");
    }
    if (count('!') + count('t') != 0) return std::nullopt;
    if (this->program().capacity == 1 && waits()) {
      return Base::failure("L7", "a call waits for a segment that has no room for it");
    }
    if (waited_in_vain_) return Base::failure("L7", "a call that has waited asks too");
    return std::nullopt;
  }

  /// Segments at the end, allocations that failed, and requests for segments.
  [[nodiscard]] std::string outcome() const {
    return Base::outcome() + " " + std::to_string(this->requests());
  }

 private:
  [[nodiscard]] static std::uint64_t count_in(std::string_view steps, char step) {
    return static_cast<std::uint64_t>(std::ranges::count(steps, step));
  }
  [[nodiscard]] std::uint64_t count(char step) const {
    std::uint64_t found = 0;
    for (const std::string_view steps : this->program().threads) found += count_in(steps, step);
    return found;
  }
  /// Whether a thread took the lock more often than a call that grows and one that frees do.
  [[nodiscard]] bool waits() const {
    const auto& threads = this->program().threads;
    for (std::size_t i = 0; i < threads.size(); ++i) {
      const std::uint64_t most = threads[i].size() + count_in(threads[i], 'a');
      if (acquisitions_[i] > most) return true;
    }
    return false;
  }

  std::array<std::uint64_t, model::kMaxThreads> acquisitions_{};
  bool waited_in_vain_ = false;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SHARING_PROGRAM_H_
