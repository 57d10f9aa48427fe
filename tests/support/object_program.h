#ifndef SLABPROOF_TESTS_SUPPORT_OBJECT_PROGRAM_H_
#define SLABPROOF_TESTS_SUPPORT_OBJECT_PROGRAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/execution.h"
#include "model/search/explore.h"
#include "model/slab/model_backing.h"
#include "slabproof/extendable_slab.h"
#include "tests/support/place.h"

namespace slabproof::testing {

/// An object that its destructor still uses. Its variable is of the policy, so a second owner of
/// the memory is a data race. Alone in 64 bytes, which is what the checker distinguishes.
struct alignas(64) CheckedObject {
  using Variable = model::RelacySync::Var<std::uint64_t>;
  explicit CheckedObject(int& ended_objects) : ended(ended_objects) {}
  ~CheckedObject() {
    ++value.write();
    ++ended;
  }
  Variable value{std::uint64_t{0}};
  int& ended;
};

struct ObjectConfig : DefaultConfig {
  using Sync = model::RelacySync;
  using Backing = model::ModelBacking;
  using Protection = SlotStates<>;
  static constexpr std::uint32_t reserve_share = 0;
};

/// What the threads do with objects of one slab: c creates one, d destroys the newest that the
/// thread created, s destroys the one object that is there from the beginning, r reserves room for
/// five.
using ObjectProgram = std::vector<std::string_view>;

/// Judges that each destructor runs once, and that nobody else has the memory while it does.
class ObjectsOfThreads final : public model::Execution {
  using Slab = ExtendableSlab<CheckedObject, ObjectConfig>;

 public:
  explicit ObjectsOfThreads(const ObjectProgram& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return program_.size(); }

  void before() override {
    objects_.assign(program_.size(), {});
    ended_ = 0;
    created_ = 0;
    reserved_ = true;
    slab_.make(std::size_t{2});
    shared_ = create();
  }

  void thread(std::size_t index) override {
    auto& mine = objects_[index];
    for (const char step : program_[index]) {
      if (step == 'c') {
        mine.push_back(create());
      } else if (step == 'd') {
        CheckedObject* const newest = mine.back();
        mine.pop_back();
        slab_->destroy(newest);
      } else if (step == 'r') {
        reserved_ = slab_->reserve(5).has_value() && slab_->capacity_bytes() >= 5 * Slab::stride;
      } else {
        slab_->destroy(shared_);
      }
    }
  }

  void after() override {
    const SlabStats stats = slab_->stats();
    live_ = stats.live;
    segments_ = stats.segments;
    peak_ = stats.peak_live;
    refused_ = stats.repeated_frees;
    ended_by_threads_ = ended_;
    // What threads have left must end before its memory goes back.
    for (const auto& left : objects_) {
      for (CheckedObject* const object : left) slab_->destroy(object);
    }
    if (destroys_of_the_shared_one() == 0) slab_->destroy(shared_);
    slab_.end();
  }

  std::optional<model::Failure> judge() override {
    std::uint64_t wanted = created_;
    const std::uint64_t again = destroys_of_the_shared_one();
    for (const auto& left : objects_) wanted -= left.size();
    if (again == 0) --wanted;
    if (static_cast<std::uint64_t>(ended_by_threads_) != wanted) {
      return model::Failure{.label = "S13", .message = "a destructor ran twice, or never"};
    }
    if (live_ != created_ - wanted || refused_ != (again == 0 ? 0 : again - 1)) {
      return model::Failure{.label = "S13", .message = "a block did not go back once"};
    }
    const bool reserves = std::ranges::any_of(
        program_, [](std::string_view steps) { return steps.find('r') != steps.npos; });
    const std::uint64_t initial = reserves ? 3 : 0;
    if (!reserved_ || segments_ != (std::max)(initial, (peak_ + 1) / 2)) {
      return model::Failure{.label = "S6", .message = "growth was not exact beside a reserve"};
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::uint64_t destroys_of_the_shared_one() const {
    std::uint64_t count = 0;
    for (const std::string_view steps : program_) {
      count += static_cast<std::uint64_t>(std::ranges::count(steps, 's'));
    }
    return count;
  }
  CheckedObject* create() {
    ++created_;
    return slab_->create(ended_).value();
  }

  const ObjectProgram program_;
  Place<Slab> slab_;
  std::vector<std::vector<CheckedObject*>> objects_;  ///< by thread
  CheckedObject* shared_ = nullptr;
  int ended_ = 0;
  int ended_by_threads_ = 0;
  std::uint64_t created_ = 0;
  std::uint64_t live_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t segments_ = 0;
  std::uint64_t peak_ = 0;
  bool reserved_ = true;
};

inline model::ExploreResult explore_objects(const ObjectProgram& program) {
  ObjectsOfThreads execution(program);
  model::ExploreOptions options;
  options.trace = false;
  return model::explore(execution, options);
}

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_OBJECT_PROGRAM_H_
