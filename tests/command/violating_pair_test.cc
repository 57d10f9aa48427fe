// Which two events a trace highlights.

#include "model/campaign/violating_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/slab/slab_event.h"

namespace slabproof::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TraceEvent operation(int thread) {
  return {.thread = thread,
          .place = {},
          .operation = std::string(to_text(SlabEvent::kOperation)),
          .object = {},
          .value = "a",
          .annotation = {.kind = static_cast<std::uint8_t>(SlabEvent::kOperation)}};
}
TraceEvent access(int thread, const std::string& object) {
  return {.thread = thread, .place = {}, .operation = "write", .object = object, .value = {}};
}
TraceEvent section(int thread) {
  TraceEvent lock = access(thread, "mutex 0");
  lock.annotation.kind = static_cast<std::uint8_t>(SlabEvent::kSection);
  return lock;
}
TraceEvent hand_out(int thread, std::uintptr_t block) {
  return {.thread = thread,
          .place = {},
          .operation = std::string(to_text(SlabEvent::kHandOut)),
          .object = {},
          .value = {},
          .annotation = {.kind = static_cast<std::uint8_t>(SlabEvent::kHandOut), .address = block}};
}
TraceEvent failed(TraceEvent event) {
  event.failed = true;
  return event;
}
/// Says why the execution was stopped, and names no object.
TraceEvent reason(int thread) {
  return failed(
      {.thread = thread, .place = {}, .operation = "data race", .object = {}, .value = {}});
}

/// Positions of the events that are marked.
struct Marks {
  std::vector<std::size_t> failed;
  std::vector<std::size_t> clashed;
};

Marks marks_of(std::vector<TraceEvent> events, const std::optional<Violation>& by_oracle = {}) {
  Trace trace{std::move(events)};
  mark_violating_pair(trace, by_oracle);
  Marks marks;
  for (std::size_t i = 0; i < trace.events.size(); ++i) {
    if (trace.events[i].failed) marks.failed.push_back(i);
    if (trace.events[i].clashed) marks.clashed.push_back(i);
  }
  return marks;
}

Violation violation(std::optional<OpId> first, std::optional<OpId> other) {
  return {.property = "S1", .message = "two owners", .first = first, .other = other};
}

// ---- found by the oracle ----

TEST(ViolatingPair, IsWhereTheOperationsBeginThatTheOracleNames) {
  const Marks marks = marks_of({operation(0), access(0, "mutex 0"), operation(1), operation(0),
                                operation(1), access(1, "mutex 0")},
                               violation(OpId{1, 1}, OpId{0, 0}));
  EXPECT_THAT(marks.failed, ElementsAre(4));
  EXPECT_THAT(marks.clashed, ElementsAre(0));
}

TEST(ViolatingPair, IsTheSectionsThatTheOracleNames) {
  Violation found = violation(OpId{1, 0}, OpId{0, 0});
  found.first_section = 1;
  found.other_section = 0;
  const Marks marks =
      marks_of({operation(0), operation(1), section(0), access(0, "Link 3"), section(1)}, found);
  EXPECT_THAT(marks.failed, ElementsAre(4));
  EXPECT_THAT(marks.clashed, ElementsAre(2));
}

TEST(ViolatingPair, IsOneEventWhereTheOracleNamesOneOperation) {
  const Marks marks = marks_of({operation(0), operation(1)}, violation(OpId{1, 0}, std::nullopt));
  EXPECT_THAT(marks.failed, ElementsAre(1));
  EXPECT_THAT(marks.clashed, IsEmpty());
}

TEST(ViolatingPair, IsNothingWhereTheOracleNamesNoOperationOfTheTrace) {
  const Marks marks = marks_of({operation(0)}, violation(OpId{0, 1}, kNoOp));
  EXPECT_THAT(marks.failed, IsEmpty());
  EXPECT_THAT(marks.clashed, IsEmpty());
}

// ---- found by an event ----

TEST(ViolatingPair, IsTheLastAccessByAnotherThreadToTheSameObject) {
  const Marks marks = marks_of({access(1, "Link 3"), access(1, "Link 3"), access(1, "Link 4"),
                                access(0, "Link 3"), failed(access(0, "Link 3"))});
  EXPECT_THAT(marks.failed, ElementsAre(4));
  EXPECT_THAT(marks.clashed, ElementsAre(1));
}

TEST(ViolatingPair, IsTheLastEventOfAnotherThreadWithTheSameBlock) {
  const Marks marks =
      marks_of({hand_out(0, 0x1000), hand_out(1, 0x2000), failed(hand_out(1, 0x1000))});
  EXPECT_THAT(marks.clashed, ElementsAre(0));
}

TEST(ViolatingPair, IsWhatTheThreadTouchedLastWhereTheFailedEventNamesNothing) {
  const Marks marks = marks_of({access(0, "Link 3"), access(0, "Link 4"), access(1, "Link 4"),
                                access(1, "Link 3"), access(0, "Link 5"), reason(1)});
  EXPECT_THAT(marks.failed, ElementsAre(5));
  EXPECT_THAT(marks.clashed, ElementsAre(0));
}

TEST(ViolatingPair, IsOneEventWhereNobodyElseTouchedTheObject) {
  EXPECT_THAT(marks_of({access(1, "Link 3"), failed(access(0, "Link 4"))}).clashed, IsEmpty());
}

TEST(ViolatingPair, IsOneEventWhereTheThreadTouchedNothing) {
  EXPECT_THAT(marks_of({access(0, "Link 3"), operation(1), reason(1)}).clashed, IsEmpty());
}

TEST(ViolatingPair, DoesNotDependOnWhatCameAfterTheFailedEvent) {
  const Marks marks =
      marks_of({access(1, "Link 4"), failed(access(0, "Link 3")), access(0, "Link 4")});
  EXPECT_THAT(marks.clashed, IsEmpty());
}

TEST(ViolatingPair, IsNothingWhereNothingFailed) {
  EXPECT_THAT(marks_of({access(0, "Link 3"), access(1, "Link 3")}).clashed, IsEmpty());
}

}  // namespace
}  // namespace slabproof::model
