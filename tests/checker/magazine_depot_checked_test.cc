// The depot of magazines in every order of its critical sections: threads that run out of
// magazines together, and one that asks how many are full.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/engine.h"
#include "model/search/execution.h"
#include "model/slab/model_backing.h"
#include "slabproof/config.h"
#include "slabproof/magazine_depot.h"
#include "tests/support/execution_ends.h"
#include "tests/support/place.h"

namespace slabproof::testing {
namespace {

/// The shelves hold one magazine.
struct DepotConfig : DefaultConfig {
  using Sync = model::RelacySync;
  using Backing = model::ModelBacking;
  static constexpr std::uint32_t magazine_rounds = 1;
  static constexpr std::size_t depot_magazines = 1;
};
using Depot = MagazineDepot<DepotConfig, 64>;
using Stock = Depot::Stock;

/// What the threads do: t takes an empty magazine, p puts the newest that the thread has back, f
/// swaps it as a full one for an empty one, e the other way round, g takes a full one where there
/// is one and empties it, n asks how many blocks there are.
using DepotProgram = std::vector<std::string_view>;

/// Judges that a magazine has one holder, that none is lost, and that all memory goes.
class DepotOfThreads final : public model::Execution {
 public:
  explicit DepotOfThreads(const DepotProgram& program) : program_(program) {}

  [[nodiscard]] std::size_t thread_count() const override { return program_.size(); }

  void before() override {
    requests_ = regions_ = 0;
    held_.assign(program_.size(), {});
    is_shared_ = has_missed_ = false;
    depot_.make();
  }
  void thread(std::size_t index) override {
    for (const char step : program_[index]) run(held_[index], step);
  }
  void after() override {
    std::set<Stock*> all;
    std::size_t count = 0;
    for (const auto& held : held_) {
      all.insert(held.begin(), held.end());
      count += held.size();
    }
    is_shared_ = all.size() != count;
    while (Stock* const full = depot_->take_full()) depot_->put_empty(full);
    for (Stock* const each : all) depot_->put_empty(each);
    depot_.end();
  }
  std::optional<model::Failure> judge() override {
    if (is_shared_) return model::Failure{.label = "S1", .message = "a magazine has two holders"};
    if (regions_ != 0) return model::Failure{.label = "S11", .message = "a region stays behind"};
    return std::nullopt;
  }
  void region_event(const model::RegionEvent& event) override {
    if (event.action == model::RegionAction::kGranted) ++requests_, ++regions_;
    if (event.action == model::RegionAction::kReleased) --regions_;
  }
  /// How many times the backing was asked for magazines, and whether a thread got none.
  [[nodiscard]] std::string outcome() const {
    return std::to_string(requests_) + (has_missed_ ? " short" : "");
  }

 private:
  void run(std::vector<Stock*>& held, char step) {
    if (step == 'n') {
      EXPECT_LE(depot_->cached(), Depot::kShelf);
    } else if (step == 't') {
      Stock* const taken = depot_->take_empty();
      if (taken == nullptr) has_missed_ = true;
      if (taken != nullptr) held.push_back(taken);
    } else if (step == 'g') {
      if (Stock* const full = depot_->take_full()) held.push_back(full);
    } else if (step == 'p') {
      depot_->put_empty(held.back());
      held.pop_back();
    } else if (Stock* const other = step == 'f' ? depot_->exchange_for_empty(held.back())
                                                : depot_->exchange_for_full(held.back())) {
      held.back() = other;
    }
  }

  const DepotProgram program_;
  Place<Depot> depot_;
  std::vector<std::vector<Stock*>> held_;  ///< by thread
  bool is_shared_ = false;
  bool has_missed_ = false;
  int requests_ = 0;
  int regions_ = 0;
};

std::set<std::string> requests_of(const DepotProgram& program) {
  const ExecutionEnds ends = explore_all(DepotOfThreads(program));
  expect_holds(ends);
  return ends.outcomes;
}

using Requests = std::set<std::string>;

TEST(MagazineDepotChecked, ThreadsThatRunOutTogetherGetMagazinesOfTheirOwn) {
  EXPECT_EQ(requests_of({"t", "t"}), (Requests{"1", "2"}));
  EXPECT_EQ(requests_of({"tt", "t"}), (Requests{"1", "2"}));
}

// As each asks once: eight for the other thread may be all that its request has brought.
TEST(MagazineDepotChecked, ThreadWhoseMagazinesOthersTookGetsNone) {
  EXPECT_EQ(requests_of({"t", "tttttttt"}), (Requests{"1 short", "2"}));
}

TEST(MagazineDepotChecked, MagazineThatWasPutBackIsHandedOutAgain) {
  // The first request brings eight. One lies on the shelf, and all others in the reserve.
  EXPECT_EQ(requests_of({"ttttttttppppppppttttttttpppppppp"}), (Requests{"1"}));
  EXPECT_EQ(requests_of({"tptp", "tptp"}), (Requests{"1", "2"}));
}

TEST(MagazineDepotChecked, FullAndEmptyMagazinesChangePlaces) {
  EXPECT_EQ(requests_of({"tfep", "tfep"}), (Requests{"1", "2"}));
  EXPECT_EQ(requests_of({"tfefp", "tp"}), (Requests{"1", "2"}));
  // As often as a request brings magazines.
  EXPECT_EQ(requests_of({"tfefefefefefefefefep"}), (Requests{"1"}));
}

TEST(MagazineDepotChecked, FullMagazineIsTakenBesideExchanges) {
  EXPECT_EQ(requests_of({"tfe", "g"}), (Requests{"1"}));
  EXPECT_EQ(requests_of({"tfg", "g"}), (Requests{"1"}));
}

TEST(MagazineDepotChecked, CountIsAskedForBesideExchanges) {
  EXPECT_EQ(requests_of({"tfe", "n"}), (Requests{"1"}));
}

}  // namespace
}  // namespace slabproof::testing
