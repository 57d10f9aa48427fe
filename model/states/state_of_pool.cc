// The words of a pool: regions of which only those addresses count that lead to other memory.

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/runtime/model_memory.h"
#include "model/states/canonical_state.h"
#include "model/states/word_kinds.h"

namespace slabproof::model {

/// Goes through a region as it joins the pool. What its words mean is put last, when all of the
/// pool has been met.
void CanonicalState::meet_in_pool(Region& region) {
  region.name = static_cast<std::uint32_t>(pool_.size());
  region.met_by = kMaxThreads;
  region.is_in_pool = true;
  pool_.push_back(static_cast<std::uint32_t>(&region - regions_.data()));
}

/// A thread's own words lead into a region of the pool. Which one that is, and where in it that
/// leads, does matter: so the words are made anew, in which it is a region like others.
void CanonicalState::set_apart(const Region& region) {
  has_entered_pool_ = true;
  apart_.push_back(region.base);
}

/// The result is how many regions it has by now.
std::size_t CanonicalState::put_pool() {
  pool_addresses_.clear();
  pool_links_.clear();
  // It grows where one of its regions leads to another.
  for (std::uint32_t next = 0; next < pool_.size(); ++next) {
    for (const ObjectRecord* const object : regions_[pool_[next]].objects) {
      list_pool_addresses(next, *object);
    }
  }
  // Each is put as what it means, in an order that does not depend on where it lies.
  std::ranges::sort(pool_addresses_);
  for (const std::uint64_t address : pool_addresses_) put_number(address);
  put_number(kEnd);
  // Nor does it matter how many regions there are, as long as who goes from one to the next, and
  // releases them, comes to each of them once.
  for (const std::uint32_t head : pool_heads_) put_number(missed_from(head));
  put_number(pool_.size() - pool_links_.size());
  // A way may also lead through a region that is set apart.
  if (!apart_.empty()) put_number(pool_.size());
  put_number(static_cast<std::uint64_t>(std::ranges::count_if(
      pool_, [this](std::uint32_t index) { return regions_[index].is_released; })));
  for (const std::uint32_t index : pool_) {
    const Region& region = regions_[index];
    if (is_known_to_all(region)) continue;
    put_region_of_pool(region);
    for (const ObjectRecord* const object : region.objects) put_race(object->race);
    put_granules(region);
    put_number(kEnd);
  }
  put_number(kEnd);
  return pool_.size();
}

/// All of one region as it is, for where that matters.
void CanonicalState::put_region_of_pool(const Region& region) {
  alignas(64) std::byte copy[kMostBytes];
  put_number(kRegion);
  put_number(region.size);
  for (const ObjectRecord* const object : region.objects) {
    put_number(address_of(object->object) - region.base);
    const std::byte* const value = canonical_value(*object, copy);
    const std::size_t size = object->type->value_size;
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
      const std::uint64_t word = word_at(value + at, size - at);
      Region* const other = region_of(word);
      const bool leads_out = other != nullptr && !other->is_of_pool;
      put_number(leads_out ? meaning_of(*other, word) : other != nullptr ? kInPool : word);
    }
  }
  put_number(kEnd);
}

/// To how many regions of the pool no chain of addresses in it leads from one of them.
std::size_t CanonicalState::missed_from(std::uint32_t head) const {
  std::vector<std::uint32_t> found = {head};
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (const auto& [from, to] : pool_links_) {
      if (from == found[next] && std::ranges::find(found, to) == found.end()) found.push_back(to);
    }
  }
  return pool_.size() - found.size();
}

void CanonicalState::list_pool_addresses(std::uint32_t from, const ObjectRecord& object) {
  alignas(64) std::byte copy[kMostBytes];
  const std::byte* const value = canonical_value(object, copy);
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= object.type->value_size;
       at += sizeof(std::uint64_t)) {
    const std::uint64_t word = word_at(value + at, sizeof(std::uint64_t));
    Region* const region = region_of(word);
    if (region == nullptr) continue;
    if (region->is_of_pool) {
      if (region->name == kUnnamed) meet_in_pool(*region);
      if (region->name != from) pool_links_.emplace_back(from, region->name);
    } else {
      pool_addresses_.push_back(meaning_of(*region, word));
    }
  }
}

/// The value of a variable, if need be in a copy of `kMostBytes`.
const std::byte* CanonicalState::canonical_value(const ObjectRecord& object,
                                                 std::byte* copy) const {
  const checker_hooks::TypeInfo& type = *object.type;
  const std::byte* const value = static_cast<const std::byte*>(object.object) + type.value_offset;
  if (type.value_size > kMostBytes || type.canonicalize == nullptr) return value;
  std::memcpy(copy, value, type.value_size);
  type.canonicalize(copy);
  return copy;
}

/// Whether no access to come can race with one that there was.
bool CanonicalState::is_known_to_all(const RaceCell& race) const {
  bool is_known = knowledge_.of(race.store_thread(), race.store_time()) == Knowledge::kAll;
  for (unsigned rest = race.loaded(); is_known && rest != 0; rest &= rest - 1) {
    const auto thread = static_cast<std::size_t>(std::countr_zero(rest));
    is_known = knowledge_.of(thread, race.load_time(thread)) == Knowledge::kAll;
  }
  return is_known;
}

bool CanonicalState::is_known_to_all(const Region& region) const {
  bool is_known = std::ranges::all_of(
      region.objects, [this](const ObjectRecord* object) { return is_known_to_all(object->race); });
  const ModelMemory::Region known{.base = region.base, .size = region.size};
  ModelMemory::instance().for_each_granule(
      known, [&](std::size_t /*number*/, std::size_t thread, std::uint64_t time) {
        is_known = is_known && knowledge_.of(thread, time) == Knowledge::kAll;
      });
  return is_known;
}

}  // namespace slabproof::model
