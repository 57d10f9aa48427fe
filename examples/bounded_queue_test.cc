// A bounded queue for one producer and one consumer, over the sync policy, as a GoogleTest. The
// error that is planted: the producer publishes an element before it has written it for good.

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <optional>

#include "slabproof/model/check.h"
#include "slabproof/model/linearizable.h"

template <class Sync, std::memory_order kPublish>
class BoundedQueue {
 public:
  bool push(int value) {
    const unsigned end = end_.load(std::memory_order_relaxed);
    if (end - begin_.load(std::memory_order_acquire) == elements_.size()) return false;
    elements_[end % elements_.size()].write() = value;
    end_.store(end + 1, kPublish);
    return true;
  }
  std::optional<int> pop() {
    const unsigned begin = begin_.load(std::memory_order_relaxed);
    if (end_.load(std::memory_order_acquire) == begin) return std::nullopt;
    const int value = elements_[begin % elements_.size()].read();
    begin_.store(begin + 1, std::memory_order_release);
    return value;
  }

 private:
  using Element = typename Sync::template Var<int>;
  std::array<Element, 2> elements_{Element(0), Element(0)};
  typename Sync::template Atomic<unsigned> begin_{0};
  typename Sync::template Atomic<unsigned> end_{0};
};

template <std::memory_order kPublish>
slabproof::model::CheckResult check_queue() {
  return slabproof::model::check([](slabproof::model::Run& run) {
    using Reference = std::deque<int>;
    auto& queue = run.make<BoundedQueue<slabproof::model::Checked, kPublish>>();
    auto& calls = run.make<slabproof::model::Linearizable<Reference>>();
    run.thread("producer", [&] {
      for (const int value : {1, 2}) {
        calls.call(
            "push", [&] { return queue.push(value); },
            [value](Reference& reference) {
              reference.push_back(value);
              return true;
            });
      }
    });
    run.thread("consumer", [&] {
      calls.call(
          "pop", [&] { return queue.pop(); },
          [](Reference& reference) {
            const auto first = reference.empty() ? std::nullopt : std::optional(reference.front());
            if (first) reference.pop_front();
            return first;
          });
    });
    run.after([&] { calls.check(); });
  });
}

TEST(BoundedQueue, IsAQueue) {
  const auto result = check_queue<std::memory_order_release>();
  EXPECT_TRUE(result.holds()) << result.report();
}

TEST(BoundedQueue, PlantedErrorIsFound) {
  EXPECT_EQ(check_queue<std::memory_order_relaxed>().exit_code(), 1);
}
