#include "model/runtime/outlived_lock.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <source_location>

#include "model/runtime/object_lifetime.h"

namespace slabproof::model {
namespace {

const std::byte* value_of(const ObjectRecord& record) noexcept {
  return static_cast<const std::byte*>(record.object) + record.type->value_offset;
}

}  // namespace

void OutlivedLock::forget_all() noexcept {
  for (HandedOut& each : of_actor_) each.count = 0;
  kept_ = 0;
}

void OutlivedLock::handed_out(std::size_t actor, ObjectRecord& record) noexcept {
  HandedOut& own = of_actor_[actor];
  if (own.count != 0 && own.records[(own.count - 1) % kMost] == &record) return;
  const auto end = own.records.begin() + static_cast<std::ptrdiff_t>(std::min(own.count, kMost));
  if (std::find(own.records.begin(), end, &record) != end) return;
  own.records[own.count++ % kMost] = &record;
}

void OutlivedLock::unlocked(std::size_t actor, ThreadClock time,
                            const std::source_location& where) noexcept {
  kept_ = 0;
  HandedOut& own = of_actor_[actor];
  std::size_t used = 0;
  for (std::size_t i = 0; i < std::min(own.count, kMost); ++i) {
    ObjectRecord& record = *own.records[i];
    const std::size_t size = record.type->value_size;
    if (record.object == nullptr || used + size > kBytes) continue;
    std::memcpy(bytes_.data() + used, value_of(record), size);
    kept_records_[kept_++] = {&record, used};
    used += size;
  }
  own.count = 0;
  unlocked_by_ = actor;
  time_ = time;
  where_ = where;
}

void OutlivedLock::judge(std::size_t actor, bool is_alone) {
  const std::size_t count = is_alone ? 0 : kept_;
  if (is_alone || actor != unlocked_by_) kept_ = 0;
  for (std::size_t i = 0; i < count; ++i) {
    judge_one(kept_records_[i]);
  }
}

void OutlivedLock::judge_before_change(const ObjectRecord& record) {
  for (std::size_t i = 0; i < kept_; ++i) {
    Kept& kept = kept_records_[i];
    if (kept.record != &record) continue;
    judge_one(kept);
    kept.record = nullptr;
  }
}

void OutlivedLock::judge_one(Kept& kept) {
  ObjectRecord* const record = kept.record;
  if (record == nullptr || record->object == nullptr) return;
  std::byte* const copy = bytes_.data() + kept.begin;
  const std::size_t size = record->type->value_size;
  if (std::memcmp(copy, value_of(*record), size) == 0) return;
  if (!record->race.store(time_)) {
    fail_race(*record, "is written after the lock under which it was handed out", where_);
  }
  std::memcpy(copy, value_of(*record), size);
}

}  // namespace slabproof::model
