#ifndef SLABPROOF_MODEL_GRAPH_GRAPH_H_
#define SLABPROOF_MODEL_GRAPH_GRAPH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/graph/event.h"
#include "model/search/limits.h"

namespace slabproof::model::graph {

/// A part of an execution: the first events of each thread, whom each read reads from, and for each
/// location the coherence order of its writes.
///
/// A position in a coherence order counts from 0; the initial write, which is in no list, has -1.
class Graph {
 public:
  static constexpr std::ptrdiff_t kInitialPosition = -1;

  explicit Graph(std::size_t threads = 0) : threads_(threads) {}

  [[nodiscard]] std::size_t thread_count() const noexcept { return threads_; }
  [[nodiscard]] std::size_t location_count() const noexcept { return coherence_.size(); }
  [[nodiscard]] const std::vector<Event>& thread(std::size_t thread) const noexcept {
    return events_[thread];
  }
  [[nodiscard]] const Event& at(EventId id) const noexcept { return events_[id.thread][id.index]; }
  [[nodiscard]] Event& at(EventId id) noexcept { return events_[id.thread][id.index]; }
  [[nodiscard]] bool contains(EventId id) const noexcept {
    return id.is_initial() || id.index < events_[id.thread].size();
  }
  /// What happens before an event, without itself.
  [[nodiscard]] Clock before(EventId id) const noexcept {
    return id.index == 0 ? Clock{} : events_[id.thread][id.index - 1U].happens_before;
  }

  // ---- coherence ----

  [[nodiscard]] std::span<const EventId> writes_to(Location location) const noexcept {
    if (location >= coherence_.size()) return {};
    return coherence_[location];
  }
  [[nodiscard]] std::ptrdiff_t last_position(Location location) const noexcept {
    return std::ssize(writes_to(location)) - 1;
  }
  [[nodiscard]] std::ptrdiff_t position(Location location, EventId write) const noexcept;
  [[nodiscard]] EventId write_at(Location location, std::ptrdiff_t position) const noexcept {
    return position < 0 ? kInitialWrite : coherence_[location][static_cast<std::size_t>(position)];
  }
  /// Whether a read-modify-write that reads the write there has its own write in the order already:
  /// then nothing may come between the two.
  [[nodiscard]] bool is_taken(Location location, std::ptrdiff_t position) const noexcept;
  /// The last position that an event of `past` has written or read.
  [[nodiscard]] std::ptrdiff_t last_seen(Location location, const Clock& past) const noexcept;
  /// What is at `position` and later moves on by one.
  void place(Location location, std::ptrdiff_t position, EventId write);
  void displace(Location location, std::ptrdiff_t position) noexcept;

  // ---- events ----

  /// Adds an event to the end of its thread, with its stamp and clocks. A write has no place in the
  /// coherence order yet.
  EventId append(std::size_t thread, const Event& event);
  /// Takes away the last events of a thread, so that `count` are left. None may be a write that has
  /// a place, nor have successors in other threads.
  void shorten(std::size_t thread, std::size_t count) noexcept { events_[thread].resize(count); }
  /// Sets the clocks of the last event of a thread, anew if what it reads from has changed.
  void set_clocks(EventId id) noexcept;

  /// Makes this the part of `whole` that was there when `newest` was added, together with all that
  /// is in `kept`. That part has the source of each of its reads, but perhaps for `newest`.
  void restrict(const Graph& whole, std::uint32_t newest, const Clock& kept);

  /// The thread whose last event is an exclusive read that has yet to get its write.
  [[nodiscard]] std::optional<std::size_t> unfinished_exclusive() const noexcept {
    return unfinished_ == EventId::kNoThread ? std::nullopt
                                             : std::optional<std::size_t>(unfinished_);
  }
  void set_unfinished_exclusive(std::optional<std::size_t> thread) noexcept {
    unfinished_ = static_cast<std::uint8_t>(thread.value_or(EventId::kNoThread));
  }

 private:
  friend class Snapshot;

  std::size_t threads_;
  std::uint32_t next_stamp_ = 0;
  std::uint8_t unfinished_ = EventId::kNoThread;
  std::array<std::vector<Event>, kMaxThreads> events_;
  std::vector<std::vector<EventId>> coherence_;
};

/// A graph in as many bytes as it needs.
class Snapshot {
 public:
  explicit Snapshot(const Graph& graph);
  /// The graph must have as many threads as the one that this was made of.
  void restore(Graph& graph) const;

 private:
  struct Header {
    std::uint32_t next_stamp;
    std::uint16_t locations;
    std::uint8_t unfinished;
    std::array<std::uint16_t, kMaxThreads> events;
  };

  std::unique_ptr<std::byte[]> data_;
};

}  // namespace slabproof::model::graph

#endif  // SLABPROOF_MODEL_GRAPH_GRAPH_H_
