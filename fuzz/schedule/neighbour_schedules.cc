#include "fuzz/schedule/neighbour_schedules.h"

#include <algorithm>
#include <bit>

namespace slabproof::fuzz {
namespace {

// FNV-1a (Fowler, Noll, Vo).
std::uint64_t hash_of(Bytes bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash ^ hash >> 32;
}

}  // namespace

std::size_t RecordingScheduler::choose_thread(const model::SchedulingPoint& at) {
  const std::size_t thread = bytes_.choose_thread(at);
  if (std::has_single_bit(at.enabled)) return thread;
  const unsigned lower = at.enabled & (model::just(thread) - 1U);
  points_.push_back({static_cast<std::uint8_t>(std::popcount(at.enabled)),
                     static_cast<std::uint8_t>(std::popcount(lower))});
  return thread;
}

std::size_t RecordingScheduler::choose_value(std::size_t count) {
  const std::size_t value = bytes_.choose_value(count);
  points_.push_back({static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(value)});
  return value;
}

NeighbourSchedules::NeighbourSchedules(Bytes choices, std::span<const ChoicePoint> points) noexcept
    : choices_(choices),
      points_(points),
      count_(std::min(kMax, points.size())),
      hash_(hash_of(choices)) {}

void NeighbourSchedules::write(std::size_t neighbour, Input& result) const {
  // Spread evenly over the execution, from a point that the choices select.
  const std::size_t place =
      (hash_ % points_.size() + neighbour * points_.size() / count_) % points_.size();
  result.clear();
  for (const ChoicePoint& point : points_.first(place)) result.push_back(point.taken);
  const ChoicePoint here = points_[place];
  const std::size_t step = 1 + (hash_ >> 8) % (here.alternatives - 1U);
  result.push_back(static_cast<std::uint8_t>((here.taken + step) % here.alternatives));
  if (place + 1 < choices_.size()) {
    const Bytes rest = choices_.subspan(place + 1);
    result.insert(result.end(), rest.begin(), rest.end());
  }
}

}  // namespace slabproof::fuzz
