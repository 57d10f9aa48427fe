#ifndef SLABPROOF_TESTS_CHECKER_WRAPPER_PROGRAM_H_
#define SLABPROOF_TESTS_CHECKER_WRAPPER_PROGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/search/execution.h"
#include "model/search/failure.h"
#include "model/slab/model_backing.h"
#include "slabproof/extendable_slab.h"
#include "slabproof/layout.h"
#include "slabproof/statistics.h"
#include "slabproof/watermark.h"
#include "tests/support/place.h"

namespace slabproof::testing {

template <class CheckedSync>
struct WrappedConfig : DefaultConfig {
  using Sync = CheckedSync;
  using Backing = model::ModelBacking;
};

template <class CheckedSync>
using WrappedSlab = ExtendableSlab<std::uint64_t, WrappedConfig<CheckedSync>>;

/// What each thread does to a wrapped slab: a allocates, f gives the block back that its last a
/// got, if it got one.
struct WrapperProgram {
  std::array<std::string_view, 2> threads;
  std::uint32_t capacity = 1;      ///< of its one segment at the beginning
  std::uint32_t max_segments = 1;  ///< so many allocations fail
};

/// Two threads that use a slab through `Wrapper`.
template <class Wrapper>
class ThreadsOfAWrapper : public model::Execution {
 public:
  explicit ThreadsOfAWrapper(const WrapperProgram& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return program_.threads.size(); }

  void before() override {
    served_ = refused_ = 0;
    wrapper_.forget();
    make(wrapper_);
    wrapper_->inner().limit_segments(program_.max_segments);
  }

  void thread(std::size_t index) override {
    constexpr Layout kRequest = Layout::of<std::uint64_t>();
    std::byte* block = nullptr;
    for (const char step : program_.threads[index]) {
      if (step == 'a') {
        const auto allocated = wrapper_->allocate(kRequest);
        ++(allocated ? served_ : refused_);
        block = allocated ? allocated->data : nullptr;
      } else {
        wrapper_->deallocate(block, kRequest);
      }
    }
  }

  void after() override {
    slab_ = wrapper_->inner().stats();
    look(*wrapper_);
    wrapper_.end();
  }

 protected:
  /// What the slab has of so many slots.
  static std::int64_t bytes(std::uint64_t slots) {
    return static_cast<std::int64_t>(slots * Slab::block_size);
  }

  virtual void make(Place<Wrapper>& place) = 0;
  /// Notes what there is to judge; the threads are done.
  virtual void look(const Wrapper& wrapper) = 0;

  const WrapperProgram program_;
  SlabStats slab_;            ///< at the end
  std::uint64_t served_ = 0;  ///< allocations
  std::uint64_t refused_ = 0;

 private:
  using Slab = std::remove_cvref_t<decltype(std::declval<Wrapper&>().inner())>;
  Place<Wrapper> wrapper_;
};

/// Judges that nothing was counted twice or not at all, and W1.
template <class CheckedSync>
class CountingThreads final : public ThreadsOfAWrapper<Statistics<WrappedSlab<CheckedSync>>> {
  using Wrapper = Statistics<WrappedSlab<CheckedSync>>;
  using Base = ThreadsOfAWrapper<Wrapper>;

 public:
  using Base::Base;

  std::optional<model::Failure> judge() override {
    const AllocationCounts expected{.allocations = this->served_,
                                    .failures = this->refused_,
                                    .frees = this->served_ - this->slab_.live,
                                    .bytes = Base::bytes(this->slab_.live),
                                    .peak_bytes = counts_.peak_bytes};
    if (counts_ != expected) return model::Failure{.label = "W1", .message = "a count is wrong"};
    if (counts_.peak_bytes > Base::bytes(this->slab_.peak_live)) {
      return model::Failure{.label = "W1", .message = "a peak that never was"};
    }
    return std::nullopt;
  }

  /// The peak in slots, and the failures.
  [[nodiscard]] std::string outcome() const {
    return std::to_string(counts_.peak_bytes / Base::bytes(1)) + " " +
           std::to_string(counts_.failures);
  }

 private:
  void make(Place<Wrapper>& place) override {
    place.make(std::size_t{this->program_.capacity}, InitialSegments{1});
  }
  void look(const Wrapper& wrapper) override { counts_ = wrapper.counts(); }

  AllocationCounts counts_;
};

/// Judges that crossings alternate, that the last one tells where the use is, and W2. The mark is
/// at `mark` slots, or so many percent.
template <class CheckedSync>
struct CountCrossings {
  std::array<std::uint64_t, 2>* counts;
  void operator()(const Crossing& crossing) const noexcept {
    ++(*counts)[static_cast<std::size_t>(crossing.kind)];
  }
};

template <class CheckedSync>
class WatchedThreads final
    : public ThreadsOfAWrapper<Watermark<WrappedSlab<CheckedSync>, CountCrossings<CheckedSync>>> {
  using Action = CountCrossings<CheckedSync>;
  using Wrapper = Watermark<WrappedSlab<CheckedSync>, Action>;
  using Base = ThreadsOfAWrapper<Wrapper>;

 public:
  WatchedThreads(const WrapperProgram& program, Mark mark) : Base(program), mark_(mark) {}

  std::optional<model::Failure> judge() override {
    const auto [above, below] = crossings_;
    if (above != below + (is_above_ ? 1 : 0)) {
      return model::Failure{.label = "W2", .message = "a crossing was lost or reported twice"};
    }
    if (bytes_ != Base::bytes(this->slab_.live)) {
      return model::Failure{.label = "W2", .message = "the use is wrong"};
    }
    const Mark::Levels levels = mark_.levels(
        static_cast<std::size_t>(Base::bytes(this->slab_.segments * this->slab_.capacity)));
    if (is_above_ ? bytes_ <= levels.below : bytes_ > levels.above) {
      return model::Failure{.label = "W2", .message = "the last crossing tells another use"};
    }
    // Of a relative mark, that of the least capacity of a slab with a block.
    const std::int64_t least_level =
        mark_.levels(static_cast<std::size_t>(Base::bytes(this->slab_.capacity))).above;
    if (above > 0 && Base::bytes(this->slab_.peak_live) <= least_level) {
      return model::Failure{.label = "W2", .message = "an alarm for use that never was"};
    }
    return std::nullopt;
  }

  /// Crossings above and below.
  [[nodiscard]] std::string outcome() const {
    return std::to_string(crossings_[0]) + " " + std::to_string(crossings_[1]);
  }

 private:
  void make(Place<Wrapper>& place) override {
    crossings_ = {};
    place.make(mark_, Action{&crossings_}, std::size_t{this->program_.capacity},
               InitialSegments{1});
  }
  void look(const Wrapper& wrapper) override {
    is_above_ = wrapper.is_above();
    bytes_ = wrapper.bytes();
  }

  const Mark mark_;
  std::array<std::uint64_t, 2> crossings_{};
  bool is_above_ = false;
  std::int64_t bytes_ = 0;
};

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_CHECKER_WRAPPER_PROGRAM_H_
