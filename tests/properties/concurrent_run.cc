#include "tests/properties/concurrent_run.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "model/oracle/growth_bound.h"
#include "model/slab/history.h"
#include "tests/properties/linearizability.h"
#include "tests/properties/program_thread.h"
#include "tests/properties/slab_specification.h"
#include "tests/support/environment.h"

namespace slabproof::properties {

using testing::environment;
using testing::Environment;
using testing::regions_held;

namespace {

using History = ConcurrentHistory<SlabStep>;

/// Configurations after which a history is left unjudged: a second or so.
constexpr std::uint64_t kMaxConfigurations = 300'000;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

/// Where a slab of this kind puts its slots, from one that is asked for a block.
SlabGeometry probe(const SlabKind& subject, std::size_t capacity) {
  Environment& mine = environment();
  mine = {};
  mine.recording = true;
  const auto slab = subject.make(capacity, 0);
  const auto block = slab->allocate();
  SlabGeometry geometry{.capacity = capacity, .stride = subject.traits.stride};
  for (const BackingEvent& event : mine.events) {
    if (event.kind != BackingEvent::Kind::kGranted || !event.is_segment) continue;
    geometry.slots_offset = reinterpret_cast<std::uintptr_t>(block->data) - event.base;
  }
  return geometry;
}

std::uint64_t mix(std::uint64_t seed, std::uint64_t salt) {
  // The finaliser of splitmix64; never 0, which would turn the perturbation off.
  std::uint64_t value = seed + (salt + 1) * 0x9e3779b97f4a7c15;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return (value ^ value >> 31) | 1;
}

std::uint64_t count_overlapping(const History& history) {
  std::uint64_t overlapping = 0;
  for (std::size_t thread = 0; thread < history.size(); ++thread) {
    for (const auto& step : history[thread]) {
      const auto overlaps = [&step](const TimedStep<SlabStep>& other) {
        return other.invoked < step.responded && step.invoked < other.responded;
      };
      for (std::size_t other = 0; other < history.size(); ++other) {
        if (other == thread || std::ranges::none_of(history[other], overlaps)) continue;
        ++overlapping;
        break;
      }
    }
  }
  return overlapping;
}

/// The steps in the order of their invocation, for people; those that could be ordered are marked.
std::string describe(const History& history, const LinearizabilityResult& result,
                     const SlabSpecification& initial) {
  SlabSpecification names = initial;
  std::vector<std::size_t> done(history.size(), 0);
  std::string text = "\n  longest legal order of steps:";
  const auto line = [&](std::size_t thread, const TimedStep<SlabStep>& step) {
    text += "\n    thread " + number(thread) + ": " + to_text(step.step);
    if (step.step.address != 0) text += " " + names.name_of(step.step.address);
    text += "  [" + number(step.invoked) + ", " + number(step.responded) + "]";
  };
  for (const std::size_t thread : result.order) {
    const auto& step = history[thread][done[thread]++];
    line(thread, step);
    // Legal, so only what it does to the state matters.
    if (!names.apply(step.step)) text += "  (?)";
  }
  text += "\n  then none of these can follow:";
  for (std::size_t thread = 0; thread < history.size(); ++thread) {
    if (done[thread] < history[thread].size()) line(thread, history[thread][done[thread]]);
  }
  return text;
}

/// One run: the slab, its threads, and what they recorded.
class Run {
 public:
  Run(const SlabKind& subject, const Setup& setup, const model::Program& program)
      : kind_(subject),
        setup_(setup),
        program_(program),
        geometry_(probe(subject, setup.capacity)),
        regions_before_(regions_held()),
        inboxes_(program.threads.size()) {
    Environment& mine = environment();
    mine = {};
    mine.recording = true;
    slab_ = subject.make(setup.capacity, setup.initial);
    for (const BackingEvent& event : mine.events) note_region(event);
    for (const BackingEvent& event : mine.events) {
      if (event.is_segment) initial_.push_back(event.base);
    }
    for (std::size_t i = 0; i < program.threads.size(); ++i) {
      threads_.emplace_back(*slab_, kind_, inboxes_, i);
    }
  }
  ~Run() { environment() = {}; }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  void execute(std::uint64_t seed) {
    std::atomic<std::size_t> waiting = program_.threads.size();
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < program_.threads.size(); ++i) {
      running.emplace_back([this, i, seed, &waiting] {
        Environment& mine = environment();
        mine.recording = true;
        mine.random_state = mix(seed, i);
        // All begin together, or a short thread is over before the next one starts.
        waiting.fetch_sub(1, std::memory_order::relaxed);
        while (waiting.load(std::memory_order::relaxed) != 0) std::this_thread::yield();
        threads_[i].run(program_.threads[i]);
      });
    }
    running.clear();
  }

  [[nodiscard]] ConcurrentVerdict judge() {
    ConcurrentVerdict verdict;
    for (ProgramThread& thread : threads_) thread.give_everything_back();
    threads_[0].read_counters();
    const model::Counters final_counters = slab_->counters();
    History history;
    for (const ProgramThread& thread : threads_) {
      history.push_back(thread.steps());
      if (!verdict.complaint) verdict.complaint = thread.complaint();
      for (const BackingEvent& event : thread.backing_events()) note_region(event);
    }
    verdict.overlapping_calls = count_overlapping(history);
    if (!verdict.complaint) verdict.complaint = judge_addresses(history);
    if (!verdict.complaint) judge_order(history, verdict);
    if (!verdict.complaint) verdict.complaint = judge_counters(final_counters);
    slab_.reset();
    if (!verdict.complaint && regions_held() != regions_before_) {
      verdict.complaint = "S11: a region was not given back, or given back twice";
    }
    return verdict;
  }

 private:
  void note_region(const BackingEvent& event) {
    if (event.kind == BackingEvent::Kind::kGranted) granted_.push_back(event);
    if (event.kind == BackingEvent::Kind::kReleased) released_.push_back(event);
  }

  [[nodiscard]] Complaint judge_addresses(const History& history) const {
    for (const auto& thread : history) {
      for (const auto& step : thread) {
        if (step.step.kind != SlabStep::Kind::kTake) continue;
        if (Complaint complaint = judge_address(step)) return complaint;
      }
    }
    return std::nullopt;
  }

  /// An address may belong to several regions, one after another: one that was not needed goes back
  /// at once, and the next request may get the same memory.
  [[nodiscard]] Complaint judge_address(const TimedStep<SlabStep>& take) const {
    const std::uintptr_t address = take.step.address;
    const auto contains = [&](const BackingEvent& region) {
      return region.is_segment && region.base <= address &&
             address + geometry_.stride <= region.base + region.size;
    };
    if (std::ranges::none_of(granted_, contains)) {
      return "S2: a block does not lie within one region of the backing";
    }
    for (const BackingEvent& gone : released_) {
      if (contains(gone) && gone.when > take.responded) {
        return "S3: a region was released after a block of it had been handed out";
      }
    }
    return std::nullopt;
  }

  /// The regions of installed segments: those that were never given back.
  [[nodiscard]] std::vector<std::uintptr_t> regions_that_stay() const {
    std::vector<std::uintptr_t> bases;
    for (const BackingEvent& region : granted_) {
      const bool stays = std::ranges::none_of(released_, [&region](const BackingEvent& gone) {
        return gone.base == region.base && gone.when >= region.when;
      });
      if (region.is_segment && stays) bases.push_back(region.base);
    }
    std::ranges::sort(bases);
    return bases;
  }

  void judge_order(const History& history, ConcurrentVerdict& verdict) const {
    const std::vector<std::uintptr_t> regions = regions_that_stay();
    const SlabSpecification initial(geometry_, kind_.traits.rechecks_all, initial_, regions);
    const auto result = check_linearizable(history, initial, kMaxConfigurations);
    verdict.inconclusive = result.verdict == LinearizabilityVerdict::kLimitReached;
    if (result.verdict != LinearizabilityVerdict::kNotLinearizable) return;
    verdict.complaint = "S12: the history is not linearizable" + describe(history, result, initial);
  }

  [[nodiscard]] Complaint judge_counters(const model::Counters& counters) const {
    if (counters.live != 0) return "S4: live is not 0 when all was given back";
    if (counters.free + counters.uncarved != counters.segments * counters.capacity) {
      return "S4: free + uncarved is not segments x capacity";
    }
    if (counters.growers != 0) return "S12: growers are left when every call has returned";
    const std::uint64_t capacity = setup_.capacity;
    const std::uint64_t needed =
        std::max<std::uint64_t>(initial_.size(), (counters.peak_live + capacity - 1) / capacity);
    model::Setting setting;
    setting.capacity = setup_.capacity;
    setting.recheck_all = kind_.traits.rechecks_all;
    const std::uint64_t allowed = needed + model::over_growth_bound(setting, program_);
    if (counters.segments < needed || counters.segments > allowed) {
      return std::string(kind_.traits.rechecks_all ? "S6: " : "S7: ") + number(counters.segments) +
             " segments, where " + number(needed) + " to " + number(allowed) + " are allowed";
    }
    return std::nullopt;
  }

  const SlabKind& kind_;
  const Setup& setup_;
  const model::Program& program_;
  const SlabGeometry geometry_;
  const std::int64_t regions_before_;
  std::vector<Inbox> inboxes_;
  model::OwnedSlab slab_;
  std::vector<ProgramThread> threads_;
  std::vector<std::uintptr_t> initial_;
  std::vector<BackingEvent> granted_;
  std::vector<BackingEvent> released_;
};

}  // namespace

ConcurrentVerdict run_concurrently(const SlabKind& subject, const Setup& setup,
                                   const model::Program& program, std::uint64_t seed) {
  Run run(subject, setup, program);
  run.execute(seed);
  return run.judge();
}

}  // namespace slabproof::properties
