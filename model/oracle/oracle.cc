#include "model/oracle/oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/oracle/growth_bound.h"

namespace slabproof::model {
namespace {

const Program& well_formed(const Program& program) {
  if (const auto defect = defect_of(program)) throw std::invalid_argument(*defect);
  return program;
}

}  // namespace

Oracle::Oracle(const Setting& setting, const Program& program)
    : setting_(setting),
      program_(well_formed(program)),
      reference_({.capacity = setting.capacity,
                  .initial_segments = setting.initial_segments,
                  .recheck_all = setting.recheck_all}),
      slots_(setting),
      allowed_over_growth_(over_growth_bound(setting, program)) {
  constexpr std::size_t kUsualSegments = 256;
  room_since_.reserve(kUsualSegments);
  for (Thread& thread : threads_) {
    thread.records.reserve(kMaxOpsPerThread);
    thread.events.reserve(History::kMaxBackingEvents);
  }
}

std::optional<Violation> Oracle::judge(const History& history) {
  violation_.reset();
  if (begin(history) && replay() && judge_growth() && judge_census()) return std::nullopt;
  return std::exchange(violation_, std::nullopt);
}

bool Oracle::begin(const History& history, bool is_whole) {
  if (history.overflowed) {
    return fail(HistoryStatus::kTooLong, std::nullopt,
                "The execution is longer than a history holds.");
  }
  history_ = &history;
  reference_.reset();
  slots_.reset();
  refused_pointers_ = 0;
  section_.reset();
  leak_.reset();
  room_since_.assign(setting_.initial_segments, Moment{});
  return adopt_records(is_whole) && adopt_events();
}

bool Oracle::adopt_records(bool is_whole) {
  std::size_t expected = 0;
  for (std::size_t i = 0; i < program_.threads.size(); ++i) {
    threads_[i].records.assign(program_.threads[i].size(), nullptr);
    threads_[i].events.clear();
    threads_[i].next_event = 0;
    enter(threads_[i], 0);
    expected += program_.threads[i].size();
  }
  for (const OpRecord& record : history_->all_ops()) {
    const auto [thread, op] = record.id;
    if (thread >= program_.threads.size() || op >= program_.threads[thread].size() ||
        program_.threads[thread][op] != record.op) {
      return fail(HistoryStatus::kImpossible, std::nullopt,
                  fmt::format("Operation {} of thread {} is not in the program.", op, thread));
    }
    if (threads_[thread].records[op] != nullptr) {
      return fail(HistoryStatus::kImpossible, std::nullopt,
                  fmt::format("Operation {} of thread {} was recorded twice.", op, thread));
    }
    if (record.first_block + record.block_count > history_->block_count) {
      return fail(HistoryStatus::kImpossible, record.id,
                  fmt::format("{} names blocks that were not recorded.", name(record.id)));
    }
    threads_[thread].records[op] = &record;
  }
  if (!is_whole || history_->op_count == expected) return true;
  return fail(HistoryStatus::kImpossible, std::nullopt,
              fmt::format("{} of {} operations were recorded.", history_->op_count, expected));
}

bool Oracle::adopt_events() {
  for (const BackingEvent& event : history_->all_backing_events()) {
    if (event.op == kNoOp) {
      const bool is_initial = event.is_segment && event.kind == BackingEvent::Kind::kGranted &&
                              slots_.segments() < setting_.initial_segments;
      if (is_initial) slots_.install({event.base, event.size});
    } else if (event.op.thread < program_.threads.size()) {
      threads_[event.op.thread].events.push_back(&event);
    } else {
      return fail(HistoryStatus::kImpossible, std::nullopt,
                  fmt::format("Thread {}, which called the backing, is not in the program.",
                              event.op.thread));
    }
  }
  if (slots_.segments() == setting_.initial_segments) return true;
  return fail(HistoryStatus::kImpossible, std::nullopt,
              fmt::format("{} of {} initial segments were recorded.", slots_.segments(),
                          setting_.initial_segments));
}

bool Oracle::judge_growth() {
  const Census& census = history_->census;
  const std::string_view property = setting_.recheck_all ? "S6" : "S7";
  if (census.segments < reference_.segments()) {
    return fail("S3", std::nullopt,
                fmt::format("{} segments were installed, and {} are left.", reference_.segments(),
                            census.segments));
  }
  const std::uint64_t needed =
      std::max<std::uint64_t>(setting_.initial_segments,
                              (reference_.peak_live() + setting_.capacity - 1) / setting_.capacity);
  measures_ = {census.segments, reference_.peak_live(), census.segments - needed};
  if (measures_.over_growth > allowed_over_growth_) {
    return fail_leak(
        property,
        fmt::format("{} segments, but {} blocks were live at most: {} segments are "
                    "needed, and {} more are allowed.",
                    census.segments, reference_.peak_live(), needed, allowed_over_growth_));
  }
  if (census.segments > reference_.segments()) {
    return fail_leak(
        property,
        leak_ ? fmt::format("{} installed a segment {}.", name(leak_->op), leak_->why.reason)
              : fmt::format("{} segments, of which {} were not needed when they were installed.",
                            census.segments, census.segments - reference_.segments()));
  }
  return true;
}

bool Oracle::judge_census() {
  const Census& census = history_->census;
  if (leak_) {
    return fail("S11", leak_->op,
                fmt::format("{} neither installed nor released the segment it was granted.",
                            name(leak_->op)));
  }
  if (census.misuse_events != refused_pointers_) {
    return fail("S10", std::nullopt,
                fmt::format("{} bad pointers were given back, and {} were counted.",
                            refused_pointers_, census.misuse_events));
  }
  if (census.corruption_events != census.misuse_events) {
    return fail("S9", std::nullopt,
                fmt::format("{} corruption events, but {} bad pointers and no forged link.",
                            census.corruption_events, census.misuse_events));
  }
  const std::uint64_t slots = census.segments * setting_.capacity;
  if (census.drained_blocks != slots || census.segments_after_drain != census.segments) {
    return fail(
        "S4", std::nullopt,
        fmt::format("With all blocks back, {} of {} slots could be taken, and {} segments "
                    "became {}.",
                    census.drained_blocks, slots, census.segments, census.segments_after_drain));
  }
  if (!census.drained_distinct) {
    return fail("S4", std::nullopt, "With all blocks back, some slot could be taken twice.");
  }
  if (census.regions_still_mapped != 0) {
    return fail("S11", std::nullopt,
                fmt::format("{} regions outlived the slab.", census.regions_still_mapped));
  }
  return true;
}

}  // namespace slabproof::model
