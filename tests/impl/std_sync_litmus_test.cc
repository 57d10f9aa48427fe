// Litmus tests of the production policy, on the machine at hand: outcomes that C++20 forbids for
// the orders that are asked for never come. What is allowed may come or not, and is not looked at.
// On x86-64, which reorders a store and a later load alone, the two tests of store buffering fail
// where a store or a fence ignores its order, and the others show what the compiler reorders; all
// of them say more on aarch64. That each order is what the compiler was asked for,
// std_sync_instructions_test shows.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>

#include "slabproof/std_sync.h"

namespace slabproof {
namespace {

using enum std::memory_order;

/// Each far from the others, as processors keep an order between accesses to one line.
struct alignas(256) Cell {
  StdSync::Atomic<int> value{0};

  [[nodiscard]] int load(std::memory_order order) const noexcept { return value.load(order); }
  void store(int wanted, std::memory_order order) noexcept { value.store(wanted, order); }
};

/// One run of a litmus test: what its threads share, and what each of up to four has read.
struct Case {
  Cell x;
  Cell y;
  std::array<std::array<int, 2>, 4> read{};
};

constexpr std::size_t kCases = 20'000;
constexpr std::size_t kTogether = 500;

/// Where threads wait for each other. Whoever comes early first waits without giving up the
/// processor, so that all go on at about the same time.
class Meeting {
 public:
  void meet(std::size_t threads) noexcept {
    constexpr int kPatience = 2'000;
    const std::size_t wanted = (come_.fetch_add(1) / threads + 1) * threads;
    for (int looks = 0; come_.load() < wanted; ++looks) {
      if (looks > kPatience) std::this_thread::yield();
    }
  }

 private:
  std::atomic<std::size_t> come_ = 0;
};

/// Runs the threads on many cases, each from the first to the last; they meet again and again. Then
/// asks of each case whether what it read is forbidden.
template <class Forbidden, class... Threads>
void expect_never(Forbidden is_forbidden, Threads... threads) {
  const auto cases = std::make_unique<std::array<Case, kCases>>();
  Meeting meeting;
  const auto body = [&](auto thread) {
    return [&cases, &meeting, thread] {
      for (std::size_t i = 0; i < kCases; ++i) {
        if (i % kTogether == 0) meeting.meet(sizeof...(Threads));
        thread((*cases)[i]);
      }
    };
  };
  {
    const std::array<std::jthread, sizeof...(Threads)> all{std::jthread(body(threads))...};
  }
  for (std::size_t i = 0; i < kCases; ++i) {
    ASSERT_FALSE(is_forbidden((*cases)[i].read)) << "case " << i;
  }
}

using Read = std::array<std::array<int, 2>, 4>;

bool neither_saw_the_other(const Read& read) {
  return read[0][0] == 0 && read[1][0] == 0;
}

TEST(StdSyncLitmus, StoreBufferingWithSeqCstAccesses) {
  expect_never(
      neither_saw_the_other,
      [](Case& each) {
        each.x.store(1, seq_cst);
        each.read[0][0] = each.y.load(seq_cst);
      },
      [](Case& each) {
        each.y.store(1, seq_cst);
        each.read[1][0] = each.x.load(seq_cst);
      });
}

TEST(StdSyncLitmus, StoreBufferingWithSeqCstFences) {
  expect_never(
      neither_saw_the_other,
      [](Case& each) {
        each.x.store(1, relaxed);
        StdSync::fence(seq_cst);
        each.read[0][0] = each.y.load(relaxed);
      },
      [](Case& each) {
        each.y.store(1, relaxed);
        StdSync::fence(seq_cst);
        each.read[1][0] = each.x.load(relaxed);
      });
}

bool flag_without_message(const Read& read) {
  return read[1][0] == 1 && read[1][1] == 0;
}

TEST(StdSyncLitmus, MessagePassingWithReleaseAndAcquire) {
  expect_never(
      flag_without_message,
      [](Case& each) {
        each.x.store(1, relaxed);
        each.y.store(1, release);
      },
      [](Case& each) {
        each.read[1][0] = each.y.load(acquire);
        each.read[1][1] = each.x.load(relaxed);
      });
}

TEST(StdSyncLitmus, MessagePassingWithFences) {
  expect_never(
      flag_without_message,
      [](Case& each) {
        each.x.store(1, relaxed);
        StdSync::fence(release);
        each.y.store(1, relaxed);
      },
      [](Case& each) {
        each.read[1][0] = each.y.load(relaxed);
        StdSync::fence(acquire);
        each.read[1][1] = each.x.load(relaxed);
      });
}

TEST(StdSyncLitmus, MessagePassingByReadModifyWrites) {
  expect_never(
      flag_without_message,
      [](Case& each) {
        each.x.store(1, relaxed);
        each.y.value.fetch_add(1, release);
      },
      [](Case& each) {
        int expected = 1;
        const bool exchanged = each.y.value.compare_exchange_strong(expected, 2, acquire, acquire);
        each.read[1][0] = exchanged ? 1 : 0;
        each.read[1][1] = each.x.load(relaxed);
      });
}

TEST(StdSyncLitmus, LoadBufferingWithReleaseAndAcquire) {
  expect_never([](const Read& read) { return read[0][0] == 1 && read[1][0] == 1; },
               [](Case& each) {
                 each.read[0][0] = each.x.load(acquire);
                 each.y.store(1, release);
               },
               [](Case& each) {
                 each.read[1][0] = each.y.load(acquire);
                 each.x.store(1, release);
               });
}

TEST(StdSyncLitmus, IndependentReadsOfIndependentWritesWithSeqCstAccesses) {
  expect_never(
      [](const Read& read) {
        return read[2][0] == 1 && read[2][1] == 0 && read[3][0] == 1 && read[3][1] == 0;
      },
      [](Case& each) { each.x.store(1, seq_cst); }, [](Case& each) { each.y.store(1, seq_cst); },
      [](Case& each) {
        each.read[2][0] = each.x.load(seq_cst);
        each.read[2][1] = each.y.load(seq_cst);
      },
      [](Case& each) {
        each.read[3][0] = each.y.load(seq_cst);
        each.read[3][1] = each.x.load(seq_cst);
      });
}

TEST(StdSyncLitmus, ReadsOfOneObjectNeverGoBack) {
  expect_never([](const Read& read) { return read[1][0] == 1 && read[1][1] == 0; },
               [](Case& each) { each.x.store(1, relaxed); },
               [](Case& each) {
                 each.read[1][0] = each.x.load(relaxed);
                 each.read[1][1] = each.x.load(relaxed);
               });
}

TEST(StdSyncLitmus, OneOfTwoExchangesOfOneObjectComesFirst) {
  expect_never([](const Read& read) { return read[0][0] == read[1][0]; },
               [](Case& each) { each.read[0][0] = each.x.value.exchange(1, relaxed); },
               [](Case& each) { each.read[1][0] = each.x.value.exchange(1, relaxed); });
}

}  // namespace
}  // namespace slabproof
