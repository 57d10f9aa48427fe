#ifndef SLABPROOF_TESTS_SUPPORT_SCRIPTED_BACKING_H_
#define SLABPROOF_TESTS_SUPPORT_SCRIPTED_BACKING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "slabproof/heap_backing.h"
#include "slabproof/layout.h"
#include "tests/support/recording_sync.h"

namespace slabproof::testing {

/// What a test wants of `ScriptedBacking`, and what that saw. One object for the process, since a
/// backing is made by the slab: call `reset` before each use. One thread at a time.
class BackingScript {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  std::uint64_t refuse_from = kNever;    ///< the first request that is refused, counted from 0
  std::uint64_t refusals_wanted = 0;     ///< how many in a row
  std::function<void()> during_request;  ///< called within each request, before its outcome
  std::function<void()> during_discard;  ///< called within each discard, before its effect

  std::uint64_t requests = 0;
  std::uint64_t segment_requests = 0;
  std::uint64_t refusals = 0;
  std::uint64_t releases = 0;
  std::uint64_t discards = 0;
  std::uint64_t calls_under_lock = 0;  ///< requests, releases and discards with a lock held
  std::set<const std::byte*> regions;  ///< those that are out

  [[nodiscard]] std::uint64_t directory_requests() const { return requests - segment_requests; }

  /// Requests number `from` to `from + count - 1`, counted from now, will be refused.
  void refuse(std::uint64_t from, std::uint64_t count = 1) {
    refuse_from = requests + from;
    refusals_wanted = count;
  }
  void refuse_all() { refuse(0, kNever - requests); }
  void refuse_none() { refusals_wanted = 0; }

  static BackingScript& get() {
    static BackingScript script;
    return script;
  }
  static BackingScript& reset() { return get() = BackingScript{}; }

 private:
  friend class ScriptedBacking;

  [[nodiscard]] bool is_refused(std::uint64_t request) const {
    return request >= refuse_from && request - refuse_from < refusals_wanted;
  }
  void note_call() {
    if (RecordingSync::held_by_this_thread() != 0) ++calls_under_lock;
  }
};

/// Heap memory that is granted or refused as `BackingScript` says.
class ScriptedBacking {
 public:
  explicit ScriptedBacking(Layout layout) noexcept : region_(outcome(layout)) {
    if (*this) script().regions.insert(data());
  }
  ~ScriptedBacking() {
    if (!*this) return;
    script().note_call();
    ++script().releases;
    script().regions.erase(data());
  }
  ScriptedBacking(ScriptedBacking&& other) noexcept = default;
  ScriptedBacking& operator=(ScriptedBacking&&) = delete;

  [[nodiscard]] explicit operator bool() const noexcept { return region_ && *region_; }
  [[nodiscard]] std::byte* data() const noexcept { return region_ ? region_->data() : nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return region_ ? region_->size() : 0; }
  /// Wipes the range, as pages that are given back lose what they held.
  std::size_t discard(std::size_t offset, std::size_t size) noexcept {
    script().note_call();
    ++script().discards;
    if (const auto action = script().during_discard) action();
    std::fill_n(data() + offset, size, std::byte{0});
    return size;
  }
  [[nodiscard]] static int last_os_error() noexcept { return HeapBacking::last_os_error(); }
  [[nodiscard]] static std::size_t granularity() noexcept { return HeapBacking::granularity(); }

 private:
  static BackingScript& script() { return BackingScript::get(); }

  /// A directory extent asks for a cache line's alignment; a segment is larger than that, and is
  /// aligned to its size.
  static bool is_segment(Layout layout) { return layout.alignment() > 64; }

  static std::optional<HeapBacking> outcome(Layout layout) noexcept {
    script().note_call();
    const std::uint64_t request = script().requests++;
    if (is_segment(layout)) ++script().segment_requests;
    // A copy, since the action may replace itself.
    if (const auto action = script().during_request) action();
    if (script().is_refused(request)) {
      ++script().refusals;
      return std::nullopt;
    }
    return std::optional<HeapBacking>(std::in_place, layout);
  }

  std::optional<HeapBacking> region_;
};

static_assert(MovableBacking<ScriptedBacking>);

}  // namespace slabproof::testing

#endif  // SLABPROOF_TESTS_SUPPORT_SCRIPTED_BACKING_H_
