#include "model/states/canonical_state.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <span>
#include <tuple>

#include "model/runtime/model_memory.h"
#include "model/states/fingerprint.h"
#include "model/states/word_kinds.h"

namespace slabproof::model {
CanonicalState::CanonicalState(const StateOptions& options) : options_(options) {}

CanonicalState::Told CanonicalState::take(const SchedulingPoint& at) {
  const Engine& engine = Engine::instance();
  at_ = &at;
  threads_ = engine.execution().thread_count();
  StateOfProgram* const program = engine.execution().state();
  if (program == nullptr) {
    why_unknown_ = "the program does not tell its state";
    return Told::kUnknown;
  }
  // It is judged at the end of the execution.
  if (engine.survivor()) return Told::kFailed;
  apart_.clear();
  for (bool is_first = true; is_first || has_entered_pool_; is_first = false) {
    const Told told = put_all(*program);
    if (told != Told::kWhole) return told;
  }
  order_threads();
  append_all(*program);
  return Told::kWhole;
}

/// The words of what belongs to no thread, and of each thread.
CanonicalState::Told CanonicalState::put_all(StateOfProgram& program) {
  collect(program);
  if (const auto why = unseen()) {
    why_unknown_ = *why;
    return Told::kUnknown;
  }
  sort_objects();
  find_thread_memory(program);
  knowledge_.take(*at_, threads_, mutexes_, options_.join_ahead, options_.forget_known);
  is_crossing_ = has_crossed_ = has_entered_pool_ = false;
  begin_words(shared_, kMaxThreads);
  if (!put_shared(program)) return Told::kFailed;
  const std::uint32_t shared_names = next_name_;
  for (std::size_t thread = 0; thread < threads_; ++thread) {
    next_name_ = kFirstOwnName;
    put_thread(thread, program);
  }
  next_name_ = shared_names;
  return Told::kWhole;
}

std::optional<std::string_view> CanonicalState::unseen() const {
  const Engine& engine = Engine::instance();
  if (has_atomics()) return "the program has atomics";
  if (mutexes_.size() > Knowledge::kMostMutexes) return "the program has too many mutexes";
  if (!ModelMemory::instance().knows_all_regions()) return "the program asks for much memory";
  for (std::size_t thread = 0; thread < threads_; ++thread) {
    if (!contains(at_->unfinished, thread)) continue;
    const Engine::Parked& parked = engine.parked(thread);
    const std::size_t bytes = address_of(parked.base) - address_of(parked.state.stack);
    if (!parked.is_apart || parked.state.stack == nullptr || bytes > kMostStackBytes) {
      return "a thread takes a lock or pauses where its local state is not known";
    }
  }
  return std::nullopt;
}

void CanonicalState::collect(const StateOfProgram& program) {
  list_variables(variables_);
  list_mutexes(mutexes_);
  const auto granted = ModelMemory::instance().regions();
  region_count_ = granted.size();
  if (regions_.size() < region_count_) regions_.resize(region_count_);
  for (std::size_t i = 0; i < region_count_; ++i) {
    Region& region = regions_[i];
    region.base = granted[i].base;
    region.size = granted[i].size;
    region.is_released = granted[i].is_released;
    region.is_of_pool = options_.merge_pools &&
                        program.is_of_pool(granted[i].tag, granted[i].size) &&
                        std::ranges::find(apart_, region.base) == apart_.end();
    region.is_in_pool = false;
    region.name = kUnnamed;
    region.met_by = kMaxThreads;
    region.objects.clear();
  }
  // Each actor's regions are in order already.
  const auto end = regions_.begin() + static_cast<std::ptrdiff_t>(region_count_);
  std::ranges::sort(regions_.begin(), end, {}, &Region::base);
}

void CanonicalState::sort_objects() {
  roots_.clear();
  const auto by_address = [](const ObjectRecord* record) { return address_of(record->object); };
  for (const ObjectRecord* const variable : variables_) {
    Region* const region = region_of(address_of(variable->object));
    (region != nullptr ? region->objects : roots_).push_back(variable);
  }
  std::ranges::sort(roots_, {}, by_address);
  for (Region& region : std::span(regions_).first(region_count_)) {
    if (!std::ranges::is_sorted(region.objects, {}, by_address)) {
      std::ranges::sort(region.objects, {}, by_address);
    }
  }
}

CanonicalState::Region* CanonicalState::region_of(std::uintptr_t address) {
  if (!ModelMemory::contains(reinterpret_cast<const void*>(address))) return nullptr;
  const auto regions = std::span(regions_).first(region_count_);
  const auto behind = std::ranges::upper_bound(regions, address, {}, &Region::base);
  if (behind == regions.begin()) return nullptr;
  Region& region = *std::prev(behind);
  return address - region.base < region.size ? &region : nullptr;
}

void CanonicalState::begin_words(StateWords& words, std::size_t owner) {
  owner_ = owner;
  into_ = &words;
  into_->begin(owner);
  met_.clear();
  if (owner != kMaxThreads) return;
  next_name_ = 0;
  pool_.clear();
  pool_heads_.clear();
}

// ---- what belongs to no thread, or to one ----

bool CanonicalState::put_shared(StateOfProgram& program) {
  if (!program.append_shared(sink_)) return false;
  for (const ObjectRecord* const root : roots_) {
    put_number(address_of(root->object));
    put_object(*root);
  }
  put_number(kEnd);
  for (const LiveMutex& mutex : mutexes_) {
    put_value(address_of(mutex.record->object));
    put_number(mutex.record->number);
    const auto holder = Engine::instance().holder_of(mutex.record->number);
    put_number(holder ? 1 : 0);
    if (holder && *holder != 0) into_->thread(*holder - 1);
    put_race(mutex.record->race);
  }
  put_number(kEnd);
  put_regions_met();
  std::size_t told = 0;
  do {
    told = put_pool();
    put_regions_met();
  } while (pool_.size() != told);
  return true;
}

void CanonicalState::put_thread(std::size_t thread, StateOfProgram& program) {
  const Engine& engine = Engine::instance();
  begin_words(of_threads_[thread], thread);
  const auto& classes = options_.symmetry_class;
  put_number(classes.empty() ? thread : classes[thread]);
  put_number(contains(at_->unfinished, thread) ? 1 : 0);
  put_number(engine.will_fail_next_request(thread) ? 1 : 0);
  program.append_thread(thread, sink_);
  put_number(kEnd);
  if (contains(at_->unfinished, thread)) put_stack(thread);
  put_regions_met();
}

/// The registers that a call keeps, the place in the code, and the part of the stack that is its
/// own.
void CanonicalState::put_stack(std::size_t thread) {
  const Engine::Parked& parked = Engine::instance().parked(thread);
  const Operation next = at_->pending[thread];
  put_number(static_cast<std::uint64_t>(next.kind) << 16 | next.object);
  for (const std::uint64_t word : parked.state.registers) put_value(word);
  put_number(static_cast<std::uint64_t>(parked.base - parked.state.stack));
  put_memory(parked.state.stack, static_cast<std::size_t>(parked.base - parked.state.stack));
}

void CanonicalState::put_regions_met() {
  for (std::size_t next = 0; next < met_.size(); ++next) {
    const Region& region = regions_[met_[next]];
    put_number(kRegion | region.name);
    put_number(region.size);
    for (const ObjectRecord* const object : region.objects) {
      put_number(address_of(object->object) - region.base);
      put_object(*object);
    }
    put_number(kEnd);
    put_granules(region);
    put_number(kEnd);
  }
  met_.clear();
}

void CanonicalState::put_object(const ObjectRecord& object) {
  alignas(64) std::byte copy[kMostBytes];
  const checker_hooks::TypeInfo& type = *object.type;
  put_number(address_of(&type));
  const std::byte* const value = static_cast<const std::byte*>(object.object) + type.value_offset;
  const std::uint64_t first = word_at(value, type.value_size);
  if (type.names_thread && first >> 32 < threads_) {
    put_number(first & 0xffff'ffff);
    into_->thread(first >> 32);
  } else {
    put_memory(canonical_value(object, copy), type.value_size);
  }
  put_race(object.race);
}

// ---- happens-before ----

void CanonicalState::put_race(const RaceCell& race) {
  into_->knowers(knowledge_.of(race.store_thread(), race.store_time()));
  loads_.clear();
  for (unsigned rest = race.loaded(); rest != 0; rest &= rest - 1) {
    const auto thread = static_cast<std::size_t>(std::countr_zero(rest));
    const Knowers knowers = knowledge_.of(thread, race.load_time(thread));
    if (knowers != Knowledge::kAll) loads_.push_back({thread, knowers});
  }
  into_->loads(loads_);
}

void CanonicalState::put_granules(const Region& region) {
  const ModelMemory::Region known{.base = region.base, .size = region.size};
  ModelMemory::instance().for_each_granule(
      known, [this](std::size_t number, std::size_t thread, std::uint64_t time) {
        const Knowers knowers = knowledge_.of(thread, time);
        if (knowers == Knowledge::kAll) return;
        put_number(number);
        into_->knowers(knowers);
      });
}

// ---- addresses ----

/// Of each 64 words, which are not 0, and those.
void CanonicalState::put_memory(const std::byte* begin, std::size_t size) {
  constexpr std::size_t kWords = 64;
  std::array<std::uint64_t, kWords> words;
  for (std::size_t at = 0; at < size; at += sizeof(words)) {
    std::size_t count = 0;
    std::uint64_t present = 0;
    // Most are 0, in no order that a processor could guess.
    const auto look_at = [&](std::size_t i, std::uint64_t word) {
      words[count] = word;
      count += word != 0 ? 1U : 0U;
      present |= std::uint64_t{word != 0} << i;
    };
    const std::size_t here = std::min(sizeof(words), size - at);
    const std::size_t whole = here / sizeof(std::uint64_t);
    for (std::size_t i = 0; i < whole; ++i) {
      look_at(i, word_at(begin + at + i * sizeof(std::uint64_t), sizeof(std::uint64_t)));
    }
    if (here % sizeof(std::uint64_t) != 0) {
      const std::size_t done = whole * sizeof(std::uint64_t);
      look_at(whole, word_at(begin + at + done, here - done));
    }
    put_number(present);
    for (std::size_t i = 0; i < count; ++i) put_value(words[i]);
  }
}

void CanonicalState::put_value(std::uint64_t word) {
  constexpr std::uint64_t kFirstAddress = 4096;
  if (word < kFirstAddress) return put_number(word);
  if (put_as_place(word)) return;
  if (word >> kKindShift >= kInPool >> kKindShift) put_number(kPlain);
  put_number(word);
}

bool CanonicalState::put_as_place(std::uint64_t word) {
  Region* const region = region_of(word);
  if (region == nullptr) return put_as_thread_memory(word);
  if (region->is_of_pool && region->name == kUnnamed && owner_ == kMaxThreads) {
    meet_in_pool(*region);
  }
  if (region->is_in_pool) {
    put_number(kInPool | (region->is_released ? kReleased : 0));
    if (owner_ != kMaxThreads) set_apart(*region);
    if (word == region->base) pool_heads_.push_back(region->name);
    return true;
  }
  put_number(meaning_of(*region, word));
  return true;
}

/// Of an address in a region that is of no pool.
std::uint64_t CanonicalState::meaning_of(Region& region, std::uint64_t address) {
  if (region.name == kUnnamed || (region.met_by != owner_ && region.met_by != kMaxThreads)) {
    // Another thread may have met it, under a name of its own.
    if (region.name != kUnnamed) has_crossed_ = true;
    if (region.name == kUnnamed) {
      region.name = next_name_++;
      region.met_by = is_crossing_ ? kMaxThreads : owner_;
      met_.push_back(static_cast<std::uint32_t>(&region - regions_.data()));
    }
  }
  const std::uint64_t name = options_.rename_memory ? region.name : (region.base >> 6) & 0xfff'ffff;
  return kInRegion | (region.is_released ? kReleased : 0) | name << kNameShift |
         (address - region.base);
}

bool CanonicalState::put_as_thread_memory(std::uint64_t word) {
  if (word - thread_memory_begin_ >= thread_memory_end_ - thread_memory_begin_) return false;
  for (const ThreadMemory& part : thread_memory_) {
    if (word - part.begin >= part.size) continue;
    put_number(part.kind | (word - part.begin));
    into_->thread(part.thread);
    return true;
  }
  return false;
}

void CanonicalState::find_thread_memory(const StateOfProgram& program) {
  thread_memory_.clear();
  for (std::size_t thread = 0; thread < threads_; ++thread) {
    const std::uintptr_t base = address_of(Engine::instance().parked(thread).base);
    if (base != 0) {
      thread_memory_.push_back({base - kMostStackBytes, kMostStackBytes, kOnStack, thread});
    }
    if (contains(at_->unfinished, thread)) {
      // What the caller has lies at another distance in each thread; it begins where `base` says.
      const std::uint64_t caller = word_at(Engine::instance().parked(thread).base, sizeof(caller));
      thread_memory_.push_back({caller, kCallerBytes, kOnStack | kMostStackBytes, thread});
    }
    const auto owned = program.owned(thread);
    thread_memory_.push_back({address_of(owned.data()), owned.size(), kOwned, thread});
  }
  thread_memory_begin_ = ~std::uintptr_t{0};
  thread_memory_end_ = 0;
  for (const ThreadMemory& part : thread_memory_) {
    if (part.size == 0) continue;
    thread_memory_begin_ = std::min(thread_memory_begin_, part.begin);
    thread_memory_end_ = std::max(thread_memory_end_, part.begin + part.size);
  }
}

// ---- names of threads ----

void CanonicalState::order_threads() {
  struct Key {
    std::uint64_t symmetry_class;
    Fingerprint own;
    std::uint64_t mentions;
    std::size_t thread;
    auto operator<=>(const Key&) const = default;
  };
  std::array<Key, kMaxThreads> keys;
  const auto& classes = options_.symmetry_class;
  for (std::size_t thread = 0; thread < threads_; ++thread) {
    keys[thread] = {classes.empty() ? thread : classes[thread],
                    fingerprint_of(of_threads_[thread].neutral()),
                    shared_.digest_of_mentions(thread), thread};
  }
  std::ranges::sort(std::span(keys).first(threads_));
  for (std::size_t place = 0; place < threads_; ++place) order_.put(place, keys[place].thread);
}

void CanonicalState::append_all(StateOfProgram& program) {
  words_.clear();
  if (has_crossed_) {
    // Names of regions go on from thread to thread, in the order that was found.
    for (Region& region : std::span(regions_).first(region_count_)) {
      if (region.met_by != kMaxThreads) region.name = kUnnamed;
    }
    is_crossing_ = true;
    for (std::size_t place = 0; place < threads_; ++place) put_thread(order_.at(place), program);
    words_.push_back(kEnd);
  }
  shared_.append_to(words_, order_);
  for (std::size_t place = 0; place < threads_; ++place) {
    words_.push_back(kEnd);
    of_threads_[order_.at(place)].append_to(words_, order_);
  }
  words_.push_back(kEnd);
  words_.push_back(leaked_regions());
}

/// Regions that nobody can reach any more, and so cannot release.
std::uint64_t CanonicalState::leaked_regions() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      std::span(regions_).first(region_count_),
      [](const Region& region) { return region.name == kUnnamed && !region.is_released; }));
}

ThreadSet CanonicalState::without_doubles(ThreadSet enabled) const {
  if (!options_.skip_alike || options_.symmetry_class.empty() || has_crossed_) return enabled;
  const auto are_alike = [&](std::size_t a, std::size_t b) {
    if (options_.symmetry_class[a] != options_.symmetry_class[b]) return false;
    if (!StateWords::are_alike(of_threads_[a], of_threads_[b])) return false;
    if (shared_.tells_apart(a, b)) return false;
    for (std::size_t other = 0; other < threads_; ++other) {
      if (other != a && other != b && of_threads_[other].tells_apart(a, b)) return false;
    }
    return true;
  };
  ThreadSet kept = 0;
  for (unsigned rest = enabled; rest != 0; rest &= rest - 1) {
    const auto thread = static_cast<std::size_t>(std::countr_zero(rest));
    bool is_double = false;
    for (unsigned before = kept; before != 0 && !is_double; before &= before - 1) {
      is_double = are_alike(static_cast<std::size_t>(std::countr_zero(before)), thread);
    }
    if (!is_double) kept |= just(thread);
  }
  return kept;
}

}  // namespace slabproof::model
