#include "model/states/state_table.h"

#include <algorithm>

namespace slabproof::model {
namespace {

constexpr std::size_t kFirstSlots = std::size_t{1} << 12;
constexpr Fingerprint kFree{};

bool is_crowded(std::size_t used, std::size_t slots) {
  return used * 4 >= slots * 3;
}

/// Seven bits a byte, the lowest first: most words are small.
void pack(std::span<const std::uint64_t> words, std::vector<std::byte>& packed) {
  packed.clear();
  for (std::uint64_t word : words) {
    for (; word >= 0x80; word >>= 7) packed.push_back(static_cast<std::byte>(0x80 | (word & 0x7f)));
    packed.push_back(static_cast<std::byte>(word));
  }
}

Fingerprint not_free(Fingerprint fingerprint) {
  if (fingerprint == kFree) fingerprint.low = 1;
  return fingerprint;
}

}  // namespace

StateTable::StateTable(Options options) : options_(options) {
  if (options_.memory_limit < kFirstSlots * sizeof(Fingerprint)) return;
  slots_.resize(kFirstSlots);
  if (options_.keeps_whole_states) places_.resize(kFirstSlots);
}

std::size_t StateTable::bytes() const noexcept {
  return slots_.capacity() * sizeof(Fingerprint) + places_.capacity() * sizeof(Place) +
         whole_.capacity();
}

StateTable::Found StateTable::add(const Fingerprint& fingerprint,
                                  std::span<const std::uint64_t> words) {
  const Fingerprint wanted = not_free(fingerprint);
  if (options_.keeps_whole_states) pack(words, packed_);
  if (!make_room(packed_.size())) return Found::kNoRoom;
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = wanted.high & mask;
  for (; slots_[slot] != kFree; slot = (slot + 1) & mask) {
    if (slots_[slot] != wanted) continue;
    if (!options_.keeps_whole_states || holds(slot, packed_)) return Found::kKnown;
    ++collisions_;
  }
  slots_[slot] = wanted;
  if (options_.keeps_whole_states) {
    places_[slot] = {whole_.size(), packed_.size()};
    whole_.insert(whole_.end(), packed_.begin(), packed_.end());
  }
  ++size_;
  return Found::kNew;
}

bool StateTable::holds(std::size_t slot, std::span<const std::byte> packed) const {
  const auto kept = std::span(whole_).subspan(places_[slot].begin, places_[slot].size);
  return std::ranges::equal(kept, packed);
}

/// For one more state, of so many bytes where whole states are kept. While a table grows, the old
/// one is there too.
bool StateTable::make_room(std::size_t more_bytes) {
  if (slots_.empty()) return false;
  const std::size_t limit = options_.memory_limit;
  if (whole_.size() + more_bytes > whole_.capacity()) {
    const std::size_t wanted = std::max(whole_.capacity() * 2, whole_.size() + more_bytes);
    if (bytes() + wanted > limit) return false;
    whole_.reserve(wanted);
  }
  if (!is_crowded(size_ + 1, slots_.size())) return true;
  const std::size_t slots = slots_.size() * 2;
  const std::size_t slot_bytes =
      sizeof(Fingerprint) + (options_.keeps_whole_states ? sizeof(Place) : 0);
  if (bytes() + slots * slot_bytes > limit) return false;
  std::vector<Fingerprint> wider(slots);
  std::vector<Place> wider_places(options_.keeps_whole_states ? slots : 0);
  for (std::size_t old = 0; old < slots_.size(); ++old) {
    if (slots_[old] == kFree) continue;
    std::size_t slot = slots_[old].high & (slots - 1);
    while (wider[slot] != kFree) slot = (slot + 1) & (slots - 1);
    wider[slot] = slots_[old];
    if (options_.keeps_whole_states) wider_places[slot] = places_[old];
  }
  slots_.swap(wider);
  places_.swap(wider_places);
  return true;
}

}  // namespace slabproof::model
