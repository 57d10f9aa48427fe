#include "model/oracle/fast_path_oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

#include "model/program/fit.h"

namespace slabproof::model {
namespace {

const Program& well_formed(const Program& program) {
  if (const auto defect = defect_of(program)) throw std::invalid_argument(*defect);
  return program;
}

}  // namespace

FastPathOracle::FastPathOracle(const Setting& setting, const SlabTraits& traits,
                               const Program& program)
    : setting_(setting),
      program_(well_formed(program)),
      has_caches_(has_caches(setting.family)),
      slots_(setting),
      census_(setting, traits, program.threads.size()) {
  if (const auto misfit = misfit_of(program, setting)) throw std::invalid_argument(*misfit);
  for (const std::vector<Op>& ops : program_.threads) {
    records_.emplace_back(ops.size());
    locks_.emplace_back(ops.size());
  }
}

std::optional<Violation> FastPathOracle::judge(const History& history) {
  violation_.reset();
  history_ = &history;
  if (adopt() && judge_blocks() && judge_locks() && judge_shortfalls()) judge_end();
  return std::exchange(violation_, std::nullopt);
}

bool FastPathOracle::adopt() {
  if (history_->overflowed) {
    violation_ = Violation{HistoryStatus::kTooLong,
                           {},
                           "The execution is longer than a history holds.",
                           std::nullopt,
                           std::nullopt};
    return false;
  }
  slots_.reset();
  for (const BackingEvent& event : history_->all_backing_events()) {
    if (event.is_segment && event.kind == BackingEvent::Kind::kGranted) {
      slots_.install({event.base, event.size});
    }
  }
  for (auto& records : records_) std::ranges::fill(records, nullptr);
  for (auto& locks : locks_) std::ranges::fill(locks, 0U);
  for (const OpRecord& record : history_->all_ops()) {
    records_[record.id.thread][record.id.op] = &record;
  }
  return true;
}

bool FastPathOracle::judge_blocks() {
  for (const OpRecord& record : history_->all_ops()) {
    if (!allocates(record.op)) continue;
    for (const BlockEvent& block : history_->blocks_of(record)) {
      const SlotTable::Fault fault = slots_.fault_of(block);
      if (fault != SlotTable::Fault::kOutside && fault != SlotTable::Fault::kNoSlot) continue;
      return fail("S2", record.id,
                  fmt::format("{} was handed {} bytes at {:#x}, which are no slot of a segment.",
                              name(record.id), block.size, block.address));
    }
  }
  for (const OpRecord& record : history_->all_ops()) {
    if (record.op.kind != Op::Kind::kUsableSize || record.skipped) continue;
    if (record.value == setting_.stride) continue;
    return fail("S2", record.id,
                fmt::format("{} answered {}, but a slot has {} bytes.", name(record.id),
                            record.value, setting_.stride));
  }
  return true;
}

/// A block that was just freed is in the loaded magazine, and where one was just taken out of that,
/// or it was found empty, there is room for one.
bool FastPathOracle::judge_locks() {
  for (const Acquisition& acquisition : history_->all_acquisitions()) {
    const OpId id = acquisition.op;
    if (!has_caches_) {
      return fail("R3", id, fmt::format("{} took a lock, where nobody needs one.", name(id)));
    }
    if (id.op < locks_[id.thread].size()) ++locks_[id.thread][id.op];
  }
  for (const auto& records : records_) {
    for (std::size_t i = 1; i < records.size(); ++i) {
      const OpRecord& before = *records[i - 1];
      const OpRecord& now = *records[i];
      const bool is_reversal = (allocates(before.op) && now.op.kind == Op::Kind::kFree) ||
                               (traits_of(before.op).effect == Effect::kFree && allocates(now.op) &&
                                blocks_asked_for(now.op) == 1);
      const bool counts = is_reversal && !before.skipped && !now.skipped &&
                          before.block_count != 0 && !was_refused_before(now.id);
      const std::uint32_t locks = locks_[now.id.thread][now.id.op];
      if (!counts || locks == 0) continue;
      return fail("C6", now.id,
                  fmt::format("{} took {} locks, although the operation before it left the cache "
                              "ready for it.",
                              name(now.id), locks));
    }
  }
  return true;
}

bool FastPathOracle::judge_shortfalls() {
  for (const OpRecord& record : history_->all_ops()) {
    if (!allocates(record.op)) continue;
    const std::uint64_t served = record.block_count + record.refused_pointers;
    if (served == blocks_asked_for(record.op) && !record.failed) continue;
    if (!was_refused(record.id)) {
      return fail(
          has_caches_ ? "C7" : "L3", record.id,
          fmt::format("{} fell short although the backing refused nothing.", name(record.id)));
    }
    if (record.failed && record.error != AllocError::kOutOfMemory) {
      return fail(has_caches_ ? "C7" : "L3", record.id,
                  fmt::format("{} failed because the backing refused, but reported: {}.",
                              name(record.id), to_string(record.error)));
    }
  }
  return true;
}

void FastPathOracle::judge_end() {
  BadPointers bad;
  for (const OpRecord& record : history_->all_ops()) {
    (allocates(record.op) ? bad.handed_out : bad.offered) += record.refused_pointers;
  }
  violation_ = census_.judge(history_->census, bad);
  measures_ = {history_->census.segments, history_->census.peak_live, 0};
}

bool FastPathOracle::fail(std::string_view property, std::optional<OpId> first,
                          std::string message) {
  violation_ = Violation{HistoryStatus::kViolates, std::string(property), std::move(message), first,
                         std::nullopt};
  return false;
}

bool FastPathOracle::was_refused(OpId op) const {
  return std::ranges::any_of(history_->all_backing_events(), [op](const BackingEvent& event) {
    return event.op == op && event.kind == BackingEvent::Kind::kRefused;
  });
}

/// A cache whose memory was refused misses always.
bool FastPathOracle::was_refused_before(OpId op) const {
  return std::ranges::any_of(history_->all_backing_events(), [op](const BackingEvent& event) {
    return event.op.thread == op.thread && event.op.op <= op.op &&
           event.kind == BackingEvent::Kind::kRefused;
  });
}

std::string FastPathOracle::name(OpId op) const {
  const bool known =
      op.thread < program_.threads.size() && op.op < program_.threads[op.thread].size();
  return fmt::format("`{}` (thread {}, operation {})",
                     known ? to_text(program_.threads[op.thread][op.op]) : "the end", op.thread,
                     op.op);
}

}  // namespace slabproof::model
