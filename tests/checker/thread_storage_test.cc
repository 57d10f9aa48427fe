// Storage of each thread and of the process, as the checked sync policy supplies it: whose a value
// is, that executions begin anew, and what runs when a thread ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "model/runtime/relacy_explore.h"
#include "model/runtime/relacy_sync.h"
#include "model/search/execution.h"
#include "model/search/explore.h"

namespace slabproof::testing {
namespace {

using model::Defect;
using model::Execution;
using model::ExploreResult;
using model::Failure;
using ::testing::HasSubstr;
using Sync = model::RelacySync;

constexpr std::size_t kThreads = 2;

/// What each thread has, and what all have.
struct Mine {
  std::uint32_t number = 0;
  Sync::Var<std::uint32_t> checked{0U};
  void on_thread_exit() noexcept;
};
using OfThread = Sync::ThreadLocal<Mine>;

struct Ours {
  Sync::Mutex mutex;
  Sync::Var<std::uint32_t> sum{0U};
};
using OfAll = Sync::Global<Ours>;

/// Adds what the thread counted to what all have.
void Mine::on_thread_exit() noexcept {
  Ours& ours = OfAll::get();
  ours.mutex.lock();
  ours.sum.write() += number;
  ours.mutex.unlock();
}

enum class Wrong : std::uint8_t { kNothing, kGlobalComesLate, kExitWithoutLock };

class Counting final : public Execution {
 public:
  explicit Counting(Wrong wrong = Wrong::kNothing) : wrong_(wrong) {}

  [[nodiscard]] std::size_t thread_count() const override { return kThreads; }
  void before() override {
    counted_ = {};
    if (wrong_ != Wrong::kGlobalComesLate) OfAll::get();
    OfThread::get().number = 100;
  }
  void thread(std::size_t index) override {
    if (wrong_ == Wrong::kExitWithoutLock) OfAll::get().sum.write() += 1;
    for (std::size_t i = 0; i <= index; ++i) {
      ++OfThread::get().number;
      OfThread::get().checked.write() += 1;
      OfThread::arm();
    }
    counted_[index] = OfThread::get().number;
  }
  void after() override {
    counted_[kThreads] = OfThread::get().number;
    sum_ = OfAll::get().sum.read();
  }
  std::optional<Failure> judge() override {
    if (counted_ != std::array<std::uint32_t, kThreads + 1>{1, 2, 100}) {
      return Failure{.label = "mine", .message = "a thread has what another one counted"};
    }
    if (sum_ != 1 + 2) return Failure{.label = "exit", .message = "an end was lost, or ran twice"};
    return std::nullopt;
  }

 private:
  const Wrong wrong_;
  std::array<std::uint32_t, kThreads + 1> counted_{};
  std::uint32_t sum_ = 0;
};

ExploreResult explored(Counting counting) {
  return model::explore(counting, model::ExploreOptions{});
}

TEST(ThreadStorage, IsTheThreadsOwnAndNewInEachExecution) {
  const ExploreResult result = explored(Counting());
  EXPECT_FALSE(result.violation.has_value()) << result.violation->message;
  EXPECT_TRUE(result.exhaustive);
  // The ends of two threads, each a critical section, in either order.
  EXPECT_EQ(result.executions, 2U);
}

TEST(ThreadStorage, EndOfAThreadIsASequenceOfItsSteps) {
  const ExploreResult result = explored(Counting(Wrong::kExitWithoutLock));
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kDataRace);
}

TEST(ThreadStorage, GlobalThatAThreadAsksForFirstIsRefused) {
  const ExploreResult result = explored(Counting(Wrong::kGlobalComesLate));
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kUnsupported);
  EXPECT_THAT(result.violation->message, HasSubstr("use it in before()"));
}

/// More ends than a thread may have.
template <std::size_t kNumber>
struct Numbered {
  void on_thread_exit() noexcept {}
};

template <std::size_t... kNumbers>
void arm_each(std::index_sequence<kNumbers...> /*numbers*/) {
  (Sync::ThreadLocal<Numbered<kNumbers>>::arm(), ...);
}

TEST(ThreadStorage, TooManyEndsAreRefused) {
  struct Many final : Execution {
    std::size_t thread_count() const override { return 1; }
    void thread(std::size_t /*index*/) override { arm_each(std::make_index_sequence<9>()); }
  } many;
  const ExploreResult result = model::explore(many, model::ExploreOptions{});
  ASSERT_TRUE(result.violation.has_value());
  EXPECT_EQ(result.violation->defect, Defect::kUnsupported);
}

}  // namespace
}  // namespace slabproof::testing
