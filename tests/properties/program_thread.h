#ifndef SLABPROOF_TESTS_PROPERTIES_PROGRAM_THREAD_H_
#define SLABPROOF_TESTS_PROPERTIES_PROGRAM_THREAD_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "model/oracle/census_judge.h"
#include "model/program/program.h"
#include "tests/properties/linearizability.h"
#include "tests/properties/sequential_run.h"
#include "tests/properties/slab_specification.h"
#include "tests/properties/subjects.h"
#include "tests/support/environment.h"

namespace slabproof::properties {

using testing::BackingEvent;
using testing::Instant;

/// A block that a thread holds, and the byte that it is filled with.
struct HeldBlock {
  std::byte* data = nullptr;
  std::uint8_t filled_with = 0;
};

/// Blocks given to a thread, oldest first.
class Inbox {
 public:
  void put(HeldBlock block) {
    const std::scoped_lock guard(mutex_);
    blocks_.push_back(block);
  }
  [[nodiscard]] std::size_t size() {
    const std::scoped_lock guard(mutex_);
    return blocks_.size();
  }
  /// False if there is none.
  bool take(HeldBlock& block) {
    const std::scoped_lock guard(mutex_);
    if (blocks_.empty()) return false;
    block = blocks_.front();
    blocks_.erase(blocks_.begin());
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<HeldBlock> blocks_;
};

/// One thread of a program: makes its calls, and records the steps that they come to.
class ProgramThread {
 public:
  ProgramThread(model::AnySlab& slab, const SlabKind& kind, std::vector<Inbox>& inboxes,
                std::size_t index)
      : slab_(slab), kind_(kind), inboxes_(inboxes), index_(index) {}

  /// To be called on the thread that it stands for, once, with that thread's environment prepared.
  void run(const std::vector<model::Op>& operations);
  /// Gives back all that it holds and has been given; on any thread.
  void give_everything_back();
  /// Records the counters as a step.
  void read_counters();

  /// Of blocks that it holds now.
  [[nodiscard]] std::size_t held() const { return held_.size(); }
  /// Pointers that a slab with caches did not look at.
  [[nodiscard]] model::BadPointers bad_pointers() const { return bad_pointers_; }
  [[nodiscard]] const std::vector<TimedStep<SlabStep>>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<BackingEvent>& backing_events() const { return events_; }
  /// What it found wrong by itself, first of all.
  [[nodiscard]] const Complaint& complaint() const { return complaint_; }

 private:
  void carry_out(model::Op op);
  void allocate(model::Op op);
  void free_at(std::size_t position);
  void free_all();
  void give(std::size_t receiver);
  void free_bad_pointer(void* pointer, SlabStep::Kind kind);
  void query(model::Op::Kind kind);
  void trim();

  [[nodiscard]] bool is_shared() const { return kind_.traits.family == model::SlabFamily::kShared; }
  [[nodiscard]] bool is_bad(const std::byte* pointer) const;
  void keep_taken_back();
  void judge_hit(model::Op op, bool moved_a_block);
  void judge_failure();
  void receive(model::BlockView block);
  [[nodiscard]] void* release(std::size_t position);
  void complain(std::string what);
  void add_step(SlabStep step, Instant invoked, Instant responded) {
    steps_.push_back({std::move(step), invoked, responded});
  }
  void judge_allocation_costs(std::size_t count);
  [[nodiscard]] std::size_t count_events(BackingEvent::Kind kind, bool segments_only) const;

  model::AnySlab& slab_;
  const SlabKind& kind_;
  std::vector<Inbox>& inboxes_;
  const std::size_t index_;
  std::vector<HeldBlock> held_;
  std::vector<TimedStep<SlabStep>> steps_;
  std::vector<BackingEvent> events_;  // of all calls
  Complaint complaint_;
  model::BadPointers bad_pointers_;
  model::Effect last_change_ = model::Effect::kQuery;  // what the last call that moved a block did
  std::uint64_t moved_ = 0;                            // blocks, in either direction
  bool was_refused_ = false;
  std::uint8_t next_fill_ = 0;
};

}  // namespace slabproof::properties

#endif  // SLABPROOF_TESTS_PROPERTIES_PROGRAM_THREAD_H_
