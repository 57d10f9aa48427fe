#include "tests/soak/round.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "tests/support/environment.h"

namespace slabproof::soak {

using testing::environment;

namespace {

/// The most slots that a worker takes by one operation, or a trim by one segment.
constexpr std::uint64_t kMostAtOnce = 24;

/// Of the bytes that all blocks of a round have together.
constexpr std::size_t kMostBytes = std::size_t{24} << 20;

std::uint64_t ceiling_of_quotient(std::uint64_t dividend, std::uint64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

std::optional<std::string> unless(bool holds, const char* what, std::uint64_t is,
                                  std::uint64_t should_be) {
  if (holds) return std::nullopt;
  return fmt::format("{}: {} instead of {}", what, is, should_be);
}

std::optional<std::string> equal(const char* what, std::uint64_t is, std::uint64_t should_be) {
  return unless(is == should_be, what, is, should_be);
}

/// The first thing that is wrong.
std::optional<std::string> first_of(std::initializer_list<std::optional<std::string>> complaints) {
  for (const auto& complaint : complaints) {
    if (complaint) return complaint;
  }
  return std::nullopt;
}

}  // namespace

std::string RoundSetup::to_text() const {
  return fmt::format("{}, {} threads, capacity {}, {}% of requests refused{}", kind->name, threads,
                     capacity, refused_percent, guarded ? ", forks at any time" : "");
}

RoundSetup round_setup(std::uint64_t seed, std::uint64_t number,
                       const std::vector<const Kind*>& kinds, std::size_t most_threads) {
  constexpr std::size_t kCapacities[] = {1, 2, 7, 16, 64, 256};
  constexpr std::uint32_t kRefusals[] = {0, 0, 10, 40};
  std::uint64_t state = mix(seed, number);
  const auto pick = [&state](std::uint64_t below) {
    state = mix(state, below);
    return (state >> 20) % below;
  };
  RoundSetup setup;
  setup.seed = state;
  // Each configuration in turn, so that none waits for luck.
  setup.kind = kinds[number % kinds.size()];
  setup.threads = 2 + pick(most_threads - 1);
  setup.capacity = kCapacities[pick(std::size(kCapacities))];
  setup.refused_percent = kRefusals[pick(std::size(kRefusals))];
  setup.guarded = !setup.kind->traits.has_owner && pick(2) == 0;
  return setup;
}

Round::Round(const RoundSetup& setup) : setup_(setup) {
  environment() = {};
  const KindTraits& traits = setup.kind->traits;
  subject_ = setup.kind->make(
      {.capacity = setup.capacity, .places = setup.threads, .guarded = setup.guarded});
  for (std::size_t place = 0; place < setup.threads; ++place) {
    workers_.emplace_back(WorkerSetup{.traits = traits,
                                      .place = place,
                                      .seed = setup.seed,
                                      .most_held = std::min<std::size_t>(
                                          500, kMostBytes / traits.stride / setup.threads),
                                      .refused_percent = setup.refused_percent,
                                      .forks = setup.guarded || (traits.has_owner && place == 0)},
                          exchange_);
  }
}

std::uint64_t Round::progress() const {
  std::uint64_t sum = 0;
  for (const Worker& worker : workers_) sum += worker.progress();
  return sum;
}

Work Round::work() const {
  Work sum;
  for (const Worker& worker : workers_) sum += worker.work();
  return sum;
}

Round::Complaint Round::run(const std::atomic<bool>& stopping) {
  for (int phase = 0; phase < setup_.phases; ++phase) {
    run_phase(phase + 1 == setup_.phases, stopping);
    for (const Worker& worker : workers_) {
      if (worker.complaint()) return worker.complaint();
    }
    if (const auto complaint = judge_at_rest()) return complaint;
    const ChildEnd child = run_in_child([this]() -> Complaint {
      const auto complaint = judge_at_rest();
      return complaint ? complaint : end_slab();
    });
    if (child.wrong) return child.wrong;
  }
  return end_slab();
}

/// Threads come and go in each place, independently of the other places.
void Round::run_phase(bool is_last, const std::atomic<bool>& stopping) {
  std::vector<std::jthread> places;
  for (Worker& worker : workers_) {
    places.emplace_back([&, this] {
      for (int number = 1; number <= setup_.generations; ++number) {
        std::jthread([&, this] {
          worker.run(*subject_, setup_.steps, is_last && number == setup_.generations, stopping);
        });
      }
    });
  }
}

std::vector<Held> Round::all_held() {
  std::vector<Held> held = exchange_.at_rest();
  for (Worker& worker : workers_) {
    held.insert(held.end(), worker.held().begin(), worker.held().end());
  }
  return held;
}

Round::Complaint Round::judge_at_rest() {
  subject_->settle();
  const model::Counters counters = subject_->counters();
  const std::vector<Held> held = all_held();
  return first_of({judge_counters(counters), equal("live blocks", counters.live, held.size()),
                   judge_growth(counters), judge_blocks(held)});
}

Round::Complaint Round::judge_counters(const model::Counters& counters) const {
  std::uint64_t foreign = 0;
  std::uint64_t misaligned = 0;
  for (const Worker& worker : workers_) {
    foreign += worker.foreign_pointers();
    misaligned += worker.misaligned_pointers();
  }
  return first_of({equal("free + live + uncarved + abandoned slots",
                         counters.free + counters.live + counters.uncarved + counters.abandoned,
                         counters.segments * setup_.capacity),
                   equal("abandoned slots", counters.abandoned, 0),
                   equal("growers", counters.growers, 0),
                   equal("foreign pointers", counters.foreign_pointers, foreign),
                   equal("misaligned pointers", counters.misaligned_pointers, misaligned),
                   equal("repeated frees", counters.repeated_frees, 0),
                   equal("corrupt links", counters.corrupt_links, 0),
                   unless(counters.live <= counters.peak_live, "peak of live blocks",
                          counters.peak_live, counters.live)});
}

Round::Complaint Round::judge_growth(const model::Counters& counters) const {
  const std::uint64_t needed = ceiling_of_quotient(counters.peak_live, setup_.capacity);
  if (setup_.kind->traits.rechecks_all) return equal("segments", counters.segments, needed);
  const std::uint64_t at_once = std::max<std::uint64_t>(kMostAtOnce, setup_.capacity);
  const std::uint64_t most =
      needed + ceiling_of_quotient((setup_.threads - 1) * at_once, setup_.capacity);
  return unless(needed <= counters.segments && counters.segments <= most, "segments",
                counters.segments, needed);
}

Round::Complaint Round::judge_blocks(const std::vector<Held>& held) const {
  const std::size_t stride = setup_.kind->traits.stride;
  std::vector<const std::byte*> places;
  for (const Held& block : held) {
    if (!is_filled(block, stride)) {
      return "a block that is held does not have what was written into it";
    }
    if (!subject_->is_slot(block.data)) return "the slab does not know a block that is held";
    places.push_back(block.data);
  }
  std::ranges::sort(places);
  const auto overlap =
      std::ranges::adjacent_find(places, [stride](const std::byte* low, const std::byte* high) {
        return static_cast<std::size_t>(high - low) < stride;
      });
  if (overlap != places.end()) return "two blocks that are held overlap";
  return std::nullopt;
}

Round::Complaint Round::give_everything_back(const std::vector<Held>& held) {
  const auto access = subject_->access(0);
  for (const Held& block : held) {
    if (!access->deallocate(block.data)) return "the slab refused a block of its own at the end";
  }
  return std::nullopt;
}

/// The counters may say that a slot is free although no call could have it.
Round::Complaint Round::take_every_slot() {
  environment().refuse_all();
  const auto access = subject_->access(0);
  const std::uint64_t segments = subject_->counters().segments;
  const std::uint64_t slots = segments * setup_.capacity;
  std::vector<std::byte*> blocks;
  while (blocks.size() < slots) {
    std::byte* const data = access->allocate();
    if (data == nullptr) break;
    blocks.push_back(data);
  }
  const std::size_t had = blocks.size();
  const std::uint64_t segments_now = subject_->counters().segments;
  for (std::byte* const data : blocks) access->deallocate(data);
  std::ranges::sort(blocks);
  blocks.erase(std::ranges::unique(blocks).begin(), blocks.end());
  return first_of({equal("slots that can be had at the end", had, slots),
                   equal("different ones of them", blocks.size(), slots),
                   equal("segments with every slot in use", segments_now, segments)});
}

Round::Complaint Round::end_slab() {
  environment() = {};
  if (const auto complaint = give_everything_back(all_held())) return complaint;
  exchange_.clear();
  for (Worker& worker : workers_) worker.held().clear();
  Complaint complaint = judge_at_rest();
  if (!complaint) complaint = take_every_slot();
  if (complaint) return complaint;
  subject_->settle();
  if (const auto live = equal("live blocks at the end", subject_->counters().live, 0)) return live;
  subject_.reset();
  return equal("regions that are left", static_cast<std::uint64_t>(testing::regions_held()), 0);
}

}  // namespace slabproof::soak
