#ifndef SLABPROOF_TESTS_SLAB_HISTORY_BUILDER_H_
#define SLABPROOF_TESTS_SLAB_HISTORY_BUILDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include "model/oracle/oracle.h"
#include "model/program/program.h"
#include "model/slab/history.h"

namespace slabproof::model {

inline constexpr std::size_t kStride = 64;
inline constexpr std::size_t kSegmentBytes = 4096;
inline constexpr std::size_t kHeaderBytes = 128;

/// A segment as the hand-written histories place it: number 0 at 0x10000, number 1 at 0x20000, ...
constexpr std::uintptr_t segment_base(std::size_t number) {
  return 0x10000 * (number + 1);
}

/// A slot of such a segment.
constexpr std::uintptr_t slot(std::size_t segment, std::size_t index) {
  return segment_base(segment) + kHeaderBytes + index * kStride;
}

/// Writes a history down step by step, as the recorder would have seen it. Each step names a
/// thread; it belongs to the operation that the thread is in. `serves`, `frees`, `offers`,
/// `answers`, `fails`, `skips` and `passes` end that operation.
class HistoryBuilder {
 public:
  HistoryBuilder(std::string_view program, Setting setting)
      : setting_(setting), program_(parse_program(program).value()) {
    for (std::uint32_t i = 0; i < setting_.initial_segments; ++i) {
      add_event({kNoOp, BackingEvent::Kind::kGranted, true, 0, segment_base(i), kSegmentBytes});
    }
    census().segments = setting_.initial_segments;
  }

  // One thread's steps.

  HistoryBuilder& section(std::size_t thread, std::uint16_t in_hand = 0) {
    history_->acquisitions[history_->acquisition_count++] = {current(thread), 0, in_hand};
    return *this;
  }
  /// A section of an operation other than the one that the thread is in.
  HistoryBuilder& section_of(OpId op) {
    history_->acquisitions[history_->acquisition_count++] = {op, 0, 0};
    return *this;
  }
  HistoryBuilder& granted(std::size_t thread, std::size_t segment) {
    return event(thread, BackingEvent::Kind::kGranted, true, segment_base(segment), kSegmentBytes);
  }
  HistoryBuilder& refused(std::size_t thread) {
    return event(thread, BackingEvent::Kind::kRefused, true, 0, kSegmentBytes);
  }
  HistoryBuilder& released(std::size_t thread, std::size_t segment) {
    return event(thread, BackingEvent::Kind::kReleased, true, segment_base(segment), kSegmentBytes);
  }
  HistoryBuilder& granted_directory(std::size_t thread) {
    return event(thread, BackingEvent::Kind::kGranted, false, 0x1000, 256);
  }
  HistoryBuilder& refused_directory(std::size_t thread) {
    return event(thread, BackingEvent::Kind::kRefused, false, 0, 256);
  }
  HistoryBuilder& released_directory(std::size_t thread) {
    return event(thread, BackingEvent::Kind::kReleased, false, 0x1000, 256);
  }
  HistoryBuilder& discarded(std::size_t thread, std::uintptr_t base, std::size_t bytes) {
    return event(thread, BackingEvent::Kind::kDiscarded, true, base, bytes);
  }

  HistoryBuilder& serves(std::size_t thread, std::initializer_list<std::uintptr_t> blocks) {
    return finish(thread, blocks, {});
  }
  /// An allocation that returned, in an execution that ends when its blocks are first used.
  HistoryBuilder& returns(std::size_t thread, std::initializer_list<std::uintptr_t> blocks) {
    history_->returned[thread] = record_of(thread, blocks, {});
    history_->returned_threads |= 1U << thread;
    return *this;
  }
  /// The operation that the thread is in, of an execution that goes on: it has these blocks so far.
  HistoryBuilder& is_in(std::size_t thread, std::initializer_list<std::uintptr_t> blocks = {}) {
    OpRecord& record = history_->ops[history_->op_count++];
    record = record_of(thread, blocks, {});
    record.is_unfinished = true;
    return *this;
  }
  HistoryBuilder& frees(std::size_t thread, std::initializer_list<std::uintptr_t> blocks) {
    return finish(thread, blocks, {});
  }
  /// A bad pointer, of which the slab must refuse `refused`.
  HistoryBuilder& offers(std::size_t thread, std::uintptr_t pointer, std::uint64_t refused = 1) {
    census().misuse_events += refused;
    census().corruption_events += refused;
    return finish(thread, {pointer}, {.refused_pointers = refused});
  }
  HistoryBuilder& answers(std::size_t thread, std::uint64_t value) {
    return finish(thread, {}, {.value = value});
  }
  HistoryBuilder& fails(std::size_t thread, AllocError error = AllocError::kOutOfMemory) {
    return finish(thread, {}, {.failed = true, .error = error});
  }
  HistoryBuilder& skips(std::size_t thread) { return finish(thread, {}, {.skipped = true}); }
  /// An operation that neither takes the lock nor answers: `!`, `g` and `t`.
  HistoryBuilder& passes(std::size_t thread) { return finish(thread, {}, {}); }

  // Usual sequences.

  /// An allocation of one block that finds one.
  HistoryBuilder& hit(std::size_t thread, std::uintptr_t block) {
    return section(thread).serves(thread, {block});
  }
  /// An allocation of one block that installs a segment, with nobody in between.
  HistoryBuilder& grow(std::size_t thread, std::size_t segment) {
    return section(thread)
        .granted(thread, segment)
        .section(thread)
        .serves(thread, {slot(segment, 0)});
  }
  HistoryBuilder& free(std::size_t thread, std::uintptr_t block) {
    return section(thread).frees(thread, {block});
  }

  /// What the runner does when the threads have finished, if it is recorded at all.
  HistoryBuilder& epilogue(std::size_t segment) {
    section_of(kNoOp);
    add_event({kNoOp, BackingEvent::Kind::kGranted, true, history_->acquisition_count,
               segment_base(segment), kSegmentBytes});
    add_event({kNoOp, BackingEvent::Kind::kReleased, true, history_->acquisition_count,
               segment_base(segment), kSegmentBytes});
    return *this;
  }

  /// All blocks are given back and drained again; nothing is lost.
  HistoryBuilder& ends_with_segments(std::uint64_t segments) {
    census().segments = segments;
    census().drained_blocks = segments * setting_.capacity;
    census().segments_after_drain = segments;
    return *this;
  }

  [[nodiscard]] Census& census() { return history_->census; }
  [[nodiscard]] History& history() { return *history_; }
  [[nodiscard]] const Setting& setting() const { return setting_; }
  [[nodiscard]] const Program& program() const { return program_; }

  [[nodiscard]] std::optional<Violation> judged() const {
    return Oracle(setting_, program_).judge(*history_);
  }

 private:
  struct Outcome {
    bool skipped = false;
    bool failed = false;
    AllocError error = AllocError::kOutOfMemory;
    std::uint64_t value = 0;
    std::uint64_t refused_pointers = 0;
  };

  [[nodiscard]] OpId current(std::size_t thread) const {
    return {static_cast<std::uint8_t>(thread), next_op_[thread]};
  }
  HistoryBuilder& event(std::size_t thread, BackingEvent::Kind kind, bool is_segment,
                        std::uintptr_t base, std::size_t size) {
    add_event({current(thread), kind, is_segment, history_->acquisition_count, base, size});
    return *this;
  }
  void add_event(const BackingEvent& event) {
    history_->backing_events[history_->backing_event_count++] = event;
  }
  OpRecord record_of(std::size_t thread, std::initializer_list<std::uintptr_t> blocks,
                     const Outcome& outcome) {
    OpRecord record;
    record.id = current(thread);
    record.op = program_.threads[thread][record.id.op];
    record.skipped = outcome.skipped;
    record.failed = outcome.failed;
    record.error = outcome.error;
    record.value = outcome.value;
    record.refused_pointers = outcome.refused_pointers;
    record.first_block = history_->block_count;
    record.block_count = static_cast<std::uint16_t>(blocks.size());
    for (const std::uintptr_t block : blocks) {
      history_->blocks[history_->block_count++] = {block, setting_.stride};
    }
    return record;
  }
  HistoryBuilder& finish(std::size_t thread, std::initializer_list<std::uintptr_t> blocks,
                         const Outcome& outcome) {
    history_->ops[history_->op_count++] = record_of(thread, blocks, outcome);
    ++next_op_[thread];
    return *this;
  }

  Setting setting_;
  Program program_;
  std::unique_ptr<History> history_ = std::make_unique<History>();
  std::array<std::uint8_t, kMaxThreads> next_op_{};
};

}  // namespace slabproof::model

#endif  // SLABPROOF_TESTS_SLAB_HISTORY_BUILDER_H_
