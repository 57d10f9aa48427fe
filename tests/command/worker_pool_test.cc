#include "model/campaign/worker_pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

namespace slabproof::model {
namespace {

TEST(WorkerPool, StopEndsTasksThatRunAndBeginsNoMore) {
  // All tasks but the first go on for ever: without the stop this test would, too.
  WorkerPool pool(2, [](std::size_t task) {
    while (task != 0) ::pause();
    return std::string("first");
  });
  std::vector<std::size_t> reported;
  const auto lost = pool.run(
      {0, 1, 2},
      [&](std::size_t task, const std::string& report) {
        EXPECT_EQ(report, "first");
        reported.push_back(task);
        pool.stop();
      },
      [] {});
  EXPECT_EQ(reported, std::vector<std::size_t>{0});
  EXPECT_TRUE(lost.empty());
}

}  // namespace
}  // namespace slabproof::model
