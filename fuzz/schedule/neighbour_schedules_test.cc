#include "fuzz/schedule/neighbour_schedules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <vector>

#include "fuzz/engine/random.h"
#include "fuzz/schedule/schedule_input.h"

namespace slabproof::fuzz {
namespace {

std::vector<ChoicePoint> random_points(std::size_t count, Random& random) {
  std::vector<ChoicePoint> points(count);
  for (ChoicePoint& point : points) {
    point.alternatives = static_cast<std::uint8_t>(random.between(2, 4));
    point.taken = static_cast<std::uint8_t>(random.below(point.alternatives));
  }
  return points;
}

Input random_bytes(std::size_t count, Random& random) {
  Input bytes(count);
  for (std::uint8_t& byte : bytes) byte = random.byte();
  return bytes;
}

/// Where a byte string first takes another alternative than these points.
std::size_t first_deviation(const Input& choices, const std::vector<ChoicePoint>& points) {
  std::size_t place = 0;
  while (place < points.size() && choices[place] == points[place].taken) ++place;
  return place;
}

/// A scheduling_point at which the threads of `enabled` can go on, after `current` made a step.
model::SchedulingPoint at(model::ThreadSet enabled, std::size_t current) {
  model::SchedulingPoint scheduling_point;
  scheduling_point.unfinished = scheduling_point.enabled = enabled;
  scheduling_point.current = current;
  return scheduling_point;
}

/// Thread, thread without an alternative, value, thread, thread: what a scheduler chooses there.
std::vector<std::size_t> choose(model::Scheduler& scheduler) {
  scheduler.begin();
  return {scheduler.choose_thread(at(0b1101, 0)), scheduler.choose_thread(at(0b0100, 2)),
          scheduler.choose_value(3), scheduler.choose_thread(at(0b0110, 2)),
          scheduler.choose_thread(at(0b1010, 3))};
}

TEST(NeighbourSchedulesTest,
     EachLeavesTheFirstScheduleAtAPointOfItsOwnForAnAlternativeThatIsThere) {
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    const auto points = random_points(random.between(1, 40), random);
    const Input choices = random_bytes(random.below(60), random);
    const NeighbourSchedules neighbours(choices, points);
    EXPECT_EQ(neighbours.count(), std::min(NeighbourSchedules::kMax, points.size()));
    std::set<std::size_t> places;
    Input neighbour;
    for (std::size_t n = 0; n < neighbours.count(); ++n) {
      neighbours.write(n, neighbour);
      const std::size_t place = first_deviation(neighbour, points);
      ASSERT_LT(place, points.size());
      EXPECT_LT(neighbour[place], points[place].alternatives);
      places.insert(place);
    }
    EXPECT_EQ(places.size(), neighbours.count());
  }
}

TEST(NeighbourSchedulesTest, GoesOnWithTheBytesAfterItsPoint) {
  const std::vector<ChoicePoint> points = {{.alternatives = 2, .taken = 1}};
  const Input choices = {5, 6, 7};
  Input neighbour;
  NeighbourSchedules(choices, points).write(0, neighbour);
  EXPECT_EQ(neighbour, (Input{0, 6, 7}));
}

TEST(NeighbourSchedulesTest, AScheduleWithoutAlternativesHasNone) {
  EXPECT_EQ(NeighbourSchedules(Input{1, 2, 3}, {}).count(), 0U);
}

TEST(RecordingSchedulerTest, ChoosesAsTheBytesSay) {
  Random random(2);
  for (int i = 0; i < 100; ++i) {
    const Input choices = random_bytes(random.below(6), random);
    std::vector<ChoicePoint> points;
    RecordingScheduler recording(choices, points);
    model::BytesScheduler plain(choices);
    EXPECT_EQ(choose(recording), choose(plain));
  }
}

TEST(RecordingSchedulerTest, WhatItTookIsAByteStringOfTheSameSchedule) {
  Random random(3);
  for (int i = 0; i < 100; ++i) {
    const Input choices = random_bytes(random.below(6), random);
    std::vector<ChoicePoint> points;
    RecordingScheduler first(choices, points);
    const auto chosen = choose(first);
    Input taken;
    for (const ChoicePoint& point : points) taken.push_back(point.taken);
    ASSERT_EQ(taken.size(), 4U) << "a thread without an alternative is not a choice";
    RecordingScheduler again(taken, points);
    EXPECT_EQ(choose(again), chosen);
  }
}

TEST(ScheduleInputTest, BytesKeepWhetherAScheduleIsRunAlone) {
  ScheduleInput input = schedule_input_from_bytes({});
  EXPECT_FALSE(input.alone);
  input.alone = true;
  EXPECT_EQ(schedule_input_from_bytes(to_bytes(input)), input);
}

}  // namespace
}  // namespace slabproof::fuzz
