#include "tests/soak/worker.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "tests/support/child_process.h"
#include "tests/support/environment.h"

namespace slabproof::soak {

using testing::environment;
using testing::Environment;

namespace {

/// An address that no slab hands out.
std::byte foreign_object;

/// The finaliser of splitmix64, which maps different values to different ones.
std::uint64_t scatter(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58'476d'1ce4'e5b9;
  value = (value ^ value >> 27) * 0x94d0'49bb'1331'11eb;
  return value ^ value >> 31;
}

bool is_zero(const std::byte* data, std::size_t size) {
  return std::all_of(data, data + size, [](std::byte byte) { return byte == std::byte{0}; });
}

/// Calls `visit` with each word of a block's pattern and with where it belongs.
template <class Visit>
void for_each_word(const Held& block, std::size_t size, Visit visit) {
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = scatter(block.stamp + at);
    visit(block.data + at, word, std::min(sizeof(word), size - at));
  }
}

}  // namespace

void fill(const Held& block, std::size_t size) {
  for_each_word(block, size, [](std::byte* place, std::uint64_t word, std::size_t bytes) {
    std::memcpy(place, &word, bytes);
  });
}

bool is_filled(const Held& block, std::size_t size) {
  bool filled = true;
  for_each_word(block, size, [&](const std::byte* place, std::uint64_t word, std::size_t bytes) {
    filled = filled && std::memcmp(place, &word, bytes) == 0;
  });
  return filled;
}

std::uint64_t mix(std::uint64_t seed, std::uint64_t salt) {
  return scatter(seed + (salt + 1) * 0x9e37'79b9'7f4a'7c15) | 1;
}

bool Exchange::put(const Held& block) {
  const std::scoped_lock guard(mutex_);
  if (blocks_.size() == kMost) return false;
  blocks_.push_back(block);
  return true;
}

std::optional<Held> Exchange::take() {
  const std::scoped_lock guard(mutex_);
  if (blocks_.empty()) return std::nullopt;
  const Held block = blocks_.back();
  blocks_.pop_back();
  return block;
}

Work& Work::operator+=(const Work& other) {
  operations += other.operations;
  refusals += other.refusals;
  failures += other.failures;
  trims += other.trims;
  forks += other.forks;
  threads += other.threads;
  return *this;
}

ChildEnd run_in_child(const ChildBody& body) {
  constexpr std::size_t kMostText = 256;
  void* const page =
      ::mmap(nullptr, kMostText, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return {};
  const auto text = static_cast<char*>(page);
  const std::string failure = testing::failure_of_child([&] {
    const auto wrong = body();
    if (!wrong) return;
    wrong->copy(text, kMostText - 1);
    testing::end_child(false);
  });
  const std::string wrong = text;
  ::munmap(page, kMostText);
  if (failure == testing::kCannotFork) return {};
  if (failure.empty()) return {.has_run = true, .wrong = std::nullopt};
  return {.has_run = true, .wrong = "in a child: " + (wrong.empty() ? failure : wrong)};
}

Worker::Worker(const WorkerSetup& setup, Exchange& exchange)
    : setup_(setup), exchange_(exchange), random_state_(mix(setup.seed, setup.place)) {
  next_stamp_ = random_state_ << 8;
}

void Worker::run(Subject& subject, std::uint64_t steps, bool is_last,
                 const std::atomic<bool>& stopping) {
  Environment& mine = environment();
  mine = {};
  mine.random_state = mix(random_state_, setup_.place);
  mine.refused_percent = setup_.refused_percent;
  ++work_.threads;
  {
    const auto access = subject.access(setup_.place);
    for (std::uint64_t i = 0; i < steps && !complaint_; ++i) {
      if (stopping.load(std::memory_order::relaxed)) break;
      step(*access);
      take_back(*access);
      ++work_.operations;
      progress_.store(work_.operations, std::memory_order::relaxed);
    }
    access->finish(is_last);
    take_back(*access);
  }
  work_.refusals += mine.refusals;
  if (mine.backing_calls_under_lock != 0) complain("the backing was called under a lock");
}

void Worker::step(Access& access) {
  if (held_.size() >= setup_.most_held) growing_ = false;
  if (held_.empty()) growing_ = true;
  const std::uint64_t choice = random(1000);
  if (choice < 2) {
    ++work_.trims;
    access.trim();
  } else if (choice < 3 && setup_.forks) {
    fork_and_use(access);
  } else if (choice < 10 && !setup_.traits.has_caches && access.can_allocate()) {
    free_bad_pointer(access);
  } else if (choice < 150) {
    swap_with_others();
  } else if (random(100) < (growing_ ? 65 : 35) && access.can_allocate()) {
    if (choice % 16 == 0) return allocate_batch(access);
    allocate(access);
  } else {
    if (choice % 16 == 0) return free_batch(access);
    free_one(access, choice % 4 == 1);
  }
}

void Worker::allocate(Access& access) {
  const std::uint64_t refusals = environment().refusals;
  const std::uint64_t call = random(4);
  std::byte* data = nullptr;
  if (call == 0) {
    data = access.create();
  } else if (call == 1) {
    data = access.allocate_zeroed();
  } else {
    data = access.allocate();
  }
  if (data == nullptr) return note_failure(refusals);
  keep(data, call == 1 || (call > 1 && setup_.traits.zeroes));
}

void Worker::allocate_batch(Access& access) {
  std::array<std::byte*, 24> blocks{};
  const std::size_t wanted = 1 + random(blocks.size());
  const std::uint64_t refusals = environment().refusals;
  const std::size_t served = access.allocate_batch(std::span(blocks).first(wanted));
  for (std::size_t i = 0; i < served; ++i) keep(blocks[i], setup_.traits.zeroes);
  if (served < wanted) note_failure(refusals);
}

void Worker::free_one(Access& access, bool as_object) {
  const auto block = release();
  if (!block) return;
  if (!(as_object ? access.destroy(block->data) : access.deallocate(block->data))) {
    complain("the slab refused a block of its own");
  }
}

void Worker::free_batch(Access& access) {
  std::vector<void*> blocks;
  for (std::uint64_t count = random(30); count > 0; --count) {
    if (const auto block = release()) blocks.push_back(block->data);
  }
  if (access.deallocate_batch(blocks) != blocks.size()) {
    complain("the slab refused a block of its own in a batch");
  }
}

void Worker::swap_with_others() {
  if (random(2) == 0 && !held_.empty()) {
    const std::size_t at = random(held_.size());
    if (!exchange_.put(held_[at])) return;
    held_[at] = held_.back();
    held_.pop_back();
  } else if (held_.size() < setup_.most_held) {
    if (const auto block = exchange_.take()) held_.push_back(*block);
  }
}

void Worker::free_bad_pointer(Access& access) {
  const bool is_foreign = held_.empty() || random(2) == 0;
  void* const pointer = is_foreign ? &foreign_object : held_.back().data + 1;
  if (access.deallocate(pointer)) complain("the slab accepted a bad pointer");
  ++(is_foreign ? foreign_pointers_ : misaligned_pointers_);
}

/// In the child the other threads are not there, and what they held is lost.
void Worker::fork_and_use(Access& access) {
  const ChildEnd child = run_in_child([this, &access]() -> std::optional<std::string> {
    environment().refused_percent = 0;
    for (const Held& block : held_) {
      if (!is_filled(block, setup_.traits.stride)) return "a block was overwritten before the fork";
    }
    const std::size_t before = held_.size();
    for (int i = 0; i < 100; ++i) {
      allocate(access);
      if (i % 3 == 2) free_one(access, false);
    }
    if (!complaint_ && held_.size() < before + 60) return "an allocation failed";
    for (const Held& block : held_) {
      if (!is_filled(block, setup_.traits.stride)) return "a block was handed out twice";
    }
    access.trim();
    while (!held_.empty() && !complaint_) free_one(access, false);
    return complaint_;
  });
  work_.forks += child.has_run ? 1 : 0;
  if (child.wrong) complain(*child.wrong);
}

void Worker::keep(std::byte* data, bool is_zeroed) {
  if (is_zeroed && !is_zero(data, setup_.traits.stride)) complain("a block is not zero");
  const Held block{data, next_stamp_ += 0x1'0000};
  fill(block, setup_.traits.stride);
  held_.push_back(block);
}

std::optional<Held> Worker::release() {
  if (held_.empty()) {
    const auto given = exchange_.take();
    if (!given) return std::nullopt;
    held_.push_back(*given);
  }
  const std::size_t at = random(held_.size());
  const Held block = held_[at];
  held_[at] = held_.back();
  held_.pop_back();
  if (!is_filled(block, setup_.traits.stride)) {
    complain("a block that was held does not have what was written into it");
  }
  return block;
}

void Worker::note_failure(std::uint64_t before) {
  ++work_.failures;
  if (environment().refusals == before) complain("an allocation failed without a refusal");
}

void Worker::take_back(Access& access) {
  while (std::byte* const data = access.take_back()) keep(data, false);
}

void Worker::complain(std::string what) {
  if (!complaint_) complaint_ = std::move(what);
}

std::uint64_t Worker::random(std::uint64_t below) {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return (random_state_ >> 11) % below;
}

}  // namespace slabproof::soak
