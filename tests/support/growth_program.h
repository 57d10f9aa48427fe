#ifndef SLABPROOF_TESTS_SUPPORT_GROWTH_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_GROWTH_PROGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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
struct alignas(64) Item {
  std::array<std::byte, 64> bytes;
};

/// Each segment has one, and at times one on its way: so a segment that is never ended shows.
struct CountedProtection : NoProtection {
  static inline int alive = 0;
  CountedProtection() noexcept { ++alive; }
  CountedProtection(const CountedProtection& /*other*/) noexcept : NoProtection() { ++alive; }
  CountedProtection& operator=(const CountedProtection&) = delete;
  ~CountedProtection() { --alive; }
  static CountedProtection make() noexcept { return {}; }
};

/// Each segment has a chunk of its own.
struct GrowthConfig : DefaultConfig {
  using Sync = model::RelacySync;
  using Backing = model::ModelBacking;
  using Protection = CountedProtection;
  static constexpr std::uint32_t reserve_share = 0;
};

/// What the threads do on a slab that begins with `segments` full segments: a allocates, b
/// allocates two blocks as a batch, f frees the newest block that the thread got, o frees one of
/// the blocks that the slab began with, ! has the next request to the backing refused, t trims.
/// What the slab began with is dealt to the threads in turn.
struct GrowthProgram {
  std::vector<std::string_view> threads;
  std::uint32_t segments = 4;
  std::uint32_t capacity = 1;  ///< of a segment
};

/// Judges that no block has two owners (each owner makes an object of the policy in it), that
/// growth is exact, or as near as the scope of `Config` promises, that no slot is lost, and that
/// all memory goes at the end.
template <class Config>
class GrowthOfThreads : public model::Execution {
  using Slab = ExtendableSlab<Item, Config>;
  using Owned = model::RelacySync::Var<std::uint64_t>;

 public:
  explicit GrowthOfThreads(const GrowthProgram& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return program_.threads.size(); }

  void before() override {
    state_ = State{};
    CountedProtection::alive = 0;
    state_.blocks.resize(program_.threads.size());
    state_.old.resize(program_.threads.size());
    slab_.make(std::size_t{program_.capacity});
    // Block by block, so that what the last chunk has besides is left.
    for (std::uint32_t i = 0; i < program_.segments * program_.capacity; ++i) {
      std::byte* const block = slab_->allocate()->data;
      std::construct_at(owned(block), std::uint64_t{1});
      state_.old[i % state_.old.size()].push_back(block);
    }
  }

  void thread(std::size_t index) override {
    for (const char step : program_.threads[index]) run(index, step);
  }

  void after() override {
    state_.stats = slab_->stats();
    for (auto* const lists : {&state_.blocks, &state_.old}) {
      for (auto& blocks : *lists) {
        state_.held += blocks.size();
        for (std::byte* const block : blocks) std::destroy_at(owned(block));
      }
    }
    slab_.end();
  }

  std::optional<model::Failure> judge() override {
    const SlabStats& stats = state_.stats;
    const std::uint64_t slots = stats.segments * stats.capacity;
    if (state_.regions != 0) return failure("S11", "a region stays behind");
    if (CountedProtection::alive != 0) return failure("S11", "a segment was never ended");
    if (stats.live != state_.held || stats.live + stats.free + stats.uncarved != slots) {
      return failure("S4", "slots are lost from the sum");
    }
    const std::uint64_t needed = segments_for(stats.peak_live);
    if (stats.segments < needed || stats.segments > needed + spare_segments()) {
      return failure("S6", "growth is not exact");
    }
    if (stats.growers != 0) return failure("S4", "a grower is counted that is gone");
    return std::nullopt;
  }

  void region_event(const model::RegionEvent& event) override {
    if (event.action == model::RegionAction::kGranted) ++state_.regions;
    if (event.action == model::RegionAction::kReleased) --state_.regions;
    if (is_request(event)) ++state_.requests;
  }

  /// Segments at the end, and allocations refused.
  [[nodiscard]] std::string outcome() const {
    return std::to_string(state_.stats.segments) + " " + std::to_string(state_.failures);
  }

 protected:
  /// Of a thread, for a chunk.
  static bool is_request(const model::RegionEvent& event) {
    const bool is_answer = event.action == model::RegionAction::kGranted ||
                           event.action == model::RegionAction::kRefused;
    const bool is_chunk = event.tag == static_cast<std::uint32_t>(model::RegionKind::kSegment);
    return is_answer && is_chunk && event.thread.has_value();
  }
  [[nodiscard]] const GrowthProgram& program() const { return program_; }
  [[nodiscard]] std::uint64_t segments_for(std::uint64_t slots) const {
    return (slots + program_.capacity - 1) / program_.capacity;
  }
  [[nodiscard]] std::uint64_t requests() const { return state_.requests; }
  [[nodiscard]] std::uint64_t failures() const { return state_.failures; }

  static model::Failure failure(const char* label, const char* message) {
    return {.label = label, .message = message};
  }

 private:
  struct State {
    std::vector<std::vector<std::byte*>> blocks;  ///< by thread
    std::vector<std::vector<std::byte*>> old;
    SlabStats stats;
    std::uint64_t held = 0;
    int regions = 0;
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
  };

  /// Property S7.
  [[nodiscard]] std::uint64_t spare_segments() const {
    return Config::recheck == Recheck::kAllSegments ? 0 : segments_for(thread_count() - 1);
  }
  static Owned* owned(std::byte* block) { return reinterpret_cast<Owned*>(block); }

  void run(std::size_t index, char step) {
    switch (step) {
      case 'a':
        return allocate(state_.blocks[index]);
      case 'b':
        return allocate_two(state_.blocks[index]);
      case 'f':
        return free_newest(state_.blocks[index]);
      case 'o':
        return free_newest(state_.old[index]);
      case '!':
        model::Engine::instance().fail_next_request();
        return;
      default:
        slab_->trim();
    }
  }

  void allocate(std::vector<std::byte*>& blocks) {
    if (const auto block = slab_->allocate()) {
      own(blocks, *block);
    } else {
      ++state_.failures;
    }
  }

  void allocate_two(std::vector<std::byte*>& blocks) {
    std::array<Block, 2> batch;
    const std::size_t served = slab_->allocate_batch(batch).value_or(0);
    for (const Block& block : std::span(batch).first(served)) own(blocks, block);
    if (served < batch.size()) ++state_.failures;
  }

  static void own(std::vector<std::byte*>& blocks, const Block& block) {
    std::construct_at(owned(block.data), std::uint64_t{1});
    blocks.push_back(block.data);
  }

  void free_newest(std::vector<std::byte*>& blocks) {
    if (blocks.empty()) return;
    std::byte* const block = blocks.back();
    blocks.pop_back();
    std::destroy_at(owned(block));
    slab_->deallocate(block);
  }

  const GrowthProgram program_;
  Place<Slab> slab_;
  State state_;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_GROWTH_PROGRAM_H_
