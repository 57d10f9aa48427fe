#ifndef SLABPROOF_TESTS_SUPPORT_PAGE_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_PAGE_PROGRAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/slab/model_backing.h"
#include "slabproof/extendable_slab.h"
#include "tests/support/place.h"

namespace slabproof::testing {

// What the checker distinguishes has 64 bytes, so each block has them to itself.
struct alignas(64) PageItem {
  std::array<std::byte, 64> bytes;
};

/// Memory that gives single pages of `kSlots` blocks back, which lose what they held.
template <std::size_t kSlots>
struct PagedModelBacking : model::ModelBacking {
  static constexpr std::size_t page_size = kSlots * sizeof(PageItem);
  /// Until the execution has seen that a page is lost on which somebody's block lies.
  static inline bool wipes = true;

  using ModelBacking::ModelBacking;
  std::size_t discard(std::size_t offset, std::size_t size) const noexcept {
    ModelBacking::discard(offset, size);
    if (wipes) std::memset(data() + offset, 0, size);
    return size;
  }
};

template <std::size_t kSlots, class TrimType = TrimNever>
struct PagedModelConfig : DefaultConfig {
  using Sync = model::RelacySync;
  using Backing = PagedModelBacking<kSlots>;
  using Trim = TrimType;
  static constexpr std::uint32_t reserve_share = 0;
};

/// What the threads do on a slab that begins with one segment. Of its slots those with a number are
/// live, and belong to the thread of that number; the others are free, and the lowest of them is
/// taken first. a allocates, f frees the newest block that the thread got, o frees one of those
/// that it began with, t trims.
struct PageProgram {
  std::vector<std::string_view> threads;
  std::string_view slots;
};

/// Judges that no block has two owners or loses what is in it (each owner makes an object of the
/// policy there), that each slot is in one place at the end, that growth is exact, trims or not,
/// and that all memory goes at the end.
template <class Config>
class PagesOfThreads final : public model::Execution {
  using Slab = ExtendableSlab<PageItem, Config>;
  using Backing = typename Config::Backing;
  using Owned = model::RelacySync::Var<std::uint64_t>;

 public:
  explicit PagesOfThreads(const PageProgram& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return program_.threads.size(); }

  void before() override {
    state_ = State{};
    state_.blocks.resize(program_.threads.size());
    state_.old.resize(program_.threads.size());
    Backing::wipes = true;
    slab_.make(program_.slots.size());
    std::vector<std::byte*> all;
    for (std::size_t i = 0; i < program_.slots.size(); ++i) {
      all.push_back(slab_->allocate()->data);
    }
    for (std::size_t i = all.size(); i-- > 0;) {
      if (program_.slots[i] == '.') {
        slab_->deallocate(all[i]);
      } else {
        own(all[i]);
        state_.old[static_cast<std::size_t>(program_.slots[i] - '0')].push_back(all[i]);
      }
    }
  }

  void thread(std::size_t index) override {
    for (const char step : program_.threads[index]) run(index, step);
  }

  void after() override {
    state_.stats = slab_->stats();
    state_.held = state_.live.size();
    for (std::byte* const block : state_.live) std::destroy_at(owned(block));
    while (const auto block = slab_->try_allocate()) state_.live.push_back(block->data);
    state_.in_the_end = slab_->stats();
    slab_.end();
  }

  std::optional<model::Failure> judge() override {
    const SlabStats& stats = state_.stats;
    const std::uint64_t slots = stats.segments * stats.capacity;
    if (!Backing::wipes) return failure("S1", "the page of a live block went");
    if (stats.live != state_.held || stats.live + stats.free + stats.uncarved != slots) {
      return failure("S4", "slots are lost from the sum");
    }
    std::ranges::sort(state_.live);
    if (std::ranges::adjacent_find(state_.live) != state_.live.end()) {
      return failure("S1", "a block is handed out twice");
    }
    if (state_.live.size() != slots) return failure("S4", "a slot is lost");
    if (state_.in_the_end.corrupt_links != 0) return failure("S4", "a link is lost");
    if (stats.segments != (stats.peak_live + stats.capacity - 1) / stats.capacity) {
      return failure("S6", "growth is not exact");
    }
    if (state_.regions != 0) return failure("S11", "a region stays behind");
    return std::nullopt;
  }

  void region_event(const model::RegionEvent& event) override {
    if (event.action == model::RegionAction::kGranted) ++state_.regions;
    if (event.action == model::RegionAction::kReleased) --state_.regions;
    if (event.action != model::RegionAction::kDiscarded) return;
    for (const std::byte* const block : state_.live) {
      const bool is_on_it =
          block + sizeof(PageItem) > event.data && block < event.data + event.size;
      if (is_on_it) Backing::wipes = false;
    }
  }

  /// Segments at the end, and slots whose pages are fresh.
  [[nodiscard]] std::string outcome() const {
    return std::to_string(state_.stats.segments) + " " + std::to_string(state_.stats.uncarved);
  }

 private:
  struct State {
    std::vector<std::vector<std::byte*>> blocks;  ///< by thread
    std::vector<std::vector<std::byte*>> old;
    std::vector<std::byte*> live;  ///< of all threads
    SlabStats stats;
    SlabStats in_the_end;
    std::uint64_t held = 0;
    int regions = 0;
  };

  static model::Failure failure(const char* label, const char* message) {
    return {.label = label, .message = message};
  }
  static Owned* owned(std::byte* block) { return reinterpret_cast<Owned*>(block); }

  void run(std::size_t index, char step) {
    switch (step) {
      case 'a':
        state_.blocks[index].push_back(slab_->allocate()->data);
        return own(state_.blocks[index].back());
      case 'f':
        return free_newest(state_.blocks[index]);
      case 'o':
        return free_newest(state_.old[index]);
      default:
        slab_->trim();
    }
  }

  void own(std::byte* block) {
    std::construct_at(owned(block), std::uint64_t{1});
    state_.live.push_back(block);
  }
  void free_newest(std::vector<std::byte*>& blocks) {
    std::byte* const block = blocks.back();
    blocks.pop_back();
    std::erase(state_.live, block);
    std::destroy_at(owned(block));
    slab_->deallocate(block);
  }

  const PageProgram program_;
  Place<Slab> slab_;
  State state_;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_PAGE_PROGRAM_H_
