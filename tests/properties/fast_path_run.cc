#include "tests/properties/fast_path_run.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "model/oracle/census_judge.h"
#include "model/slab/history.h"
#include "tests/properties/program_thread.h"
#include "tests/support/environment.h"

namespace slabproof::properties {
namespace {

using testing::environment;
using testing::Environment;
using testing::regions_held;

class Run {
 public:
  Run(const SlabKind& kind, const Setup& setup, const model::Program& program)
      : kind_(kind),
        setup_{.capacity = setup.capacity,
               .initial_segments = setup.initial,
               .family = kind.traits.family},
        program_(program),
        regions_before_(regions_held()),
        inboxes_(program.threads.size()) {
    environment() = {};
    slab_ = kind.make(setup.capacity, setup.initial);
    slab_->begin_threads(program.threads.size());
    for (std::size_t i = 0; i < program.threads.size(); ++i) {
      threads_.emplace_back(*slab_, kind_, inboxes_, i);
    }
  }
  ~Run() { environment() = {}; }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void execute(std::uint64_t seed, bool in_turn) {
    std::atomic<std::size_t> waiting = in_turn ? 0 : program_.threads.size();
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < program_.threads.size(); ++i) {
      running.emplace_back([this, i, seed, in_turn, &waiting] {
        Environment& mine = environment();
        mine.recording = true;
        mine.random_state = in_turn ? 0 : seed * 0x9e37'79b9 + i + 1;
        // All begin together, or a short thread is over before the next one starts.
        if (!in_turn) waiting.fetch_sub(1, std::memory_order::relaxed);
        while (waiting.load(std::memory_order::relaxed) != 0) std::this_thread::yield();
        threads_[i].run(program_.threads[i]);
      });
      if (in_turn) running.clear();
    }
  }

  [[nodiscard]] Complaint judge() {
    model::Census census = take_census();
    for (const ProgramThread& thread : threads_) {
      if (thread.complaint()) return thread.complaint();
    }
    model::BadPointers bad;
    for (const ProgramThread& thread : threads_) {
      bad.offered += thread.bad_pointers().offered;
      bad.handed_out += thread.bad_pointers().handed_out;
    }
    slab_.reset();
    census.regions_still_mapped = static_cast<std::uint64_t>(regions_held() - regions_before_);
    const auto violation =
        model::CensusJudge(setup_, kind_.traits, threads_.size()).judge(census, bad);
    if (!violation) return std::nullopt;
    return violation->property + ": " + violation->message;
  }

 private:
  [[nodiscard]] model::Census take_census() {
    model::Census census;
    census.segments = slab_->segment_count();
    for (ProgramThread& thread : threads_) census.held += thread.held();
    for (Inbox& inbox : inboxes_) census.held += inbox.size();
    census.at_rest = slab_->counters_at_rest();
    slab_->end_threads();
    census.after_ends = slab_->counters_at_rest();
    for (ProgramThread& thread : threads_) thread.give_everything_back();
    slab_->trim();
    const model::Counters counters = slab_->counters();
    census.live_end = counters.live;
    census.peak_live = counters.peak_live;
    census.misuse_events = counters.misuse();
    census.corruption_events = counters.misuse() + counters.corrupt_links;
    drain(census);
    return census;
  }

  /// Takes every slot once, and gives it back.
  void drain(model::Census& census) {
    std::set<void*> blocks;
    const std::uint64_t slots = census.segments * setup_.capacity;
    while (census.drained_blocks < slots) {
      const auto block = slab_->allocate();
      if (!block) break;
      ++census.drained_blocks;
      census.drained_distinct &= blocks.insert(block->data).second;
    }
    census.segments_after_drain = slab_->segment_count();
    for (void* const block : blocks) slab_->deallocate(block);
  }

  const SlabKind& kind_;
  const model::SlabSetup setup_;
  const model::Program& program_;
  const std::int64_t regions_before_;
  std::vector<Inbox> inboxes_;
  model::OwnedSlab slab_;
  std::vector<ProgramThread> threads_;
};

}  // namespace

Complaint run_fast_paths(const SlabKind& subject, const Setup& setup, const model::Program& program,
                         std::uint64_t seed, bool in_turn) {
  Run run(subject, setup, program);
  run.execute(seed, in_turn);
  return run.judge();
}

}  // namespace slabproof::properties
