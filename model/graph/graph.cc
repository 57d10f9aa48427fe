#include "model/graph/graph.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace slabproof::model::graph {

static_assert(std::is_trivially_copyable_v<Event> && std::is_trivially_copyable_v<EventId>);

std::ptrdiff_t Graph::position(Location location, EventId write) const noexcept {
  if (write.is_initial()) return kInitialPosition;
  const std::vector<EventId>& order = coherence_[location];
  // What is asked for is seldom old.
  std::ptrdiff_t at = std::ssize(order) - 1;
  while (order[static_cast<std::size_t>(at)] != write) --at;
  return at;
}

bool Graph::is_taken(Location location, std::ptrdiff_t position) const noexcept {
  if (position >= last_position(location)) return false;
  const EventId next = write_at(location, position + 1);
  return at(next).kind == EventKind::kExclusiveWrite &&
         events_[next.thread][next.index - 1U].source == write_at(location, position);
}

std::ptrdiff_t Graph::last_seen(Location location, const Clock& past) const noexcept {
  std::ptrdiff_t last = kInitialPosition;
  for (std::size_t thread = 0; thread < threads_; ++thread) {
    // By coherence, no earlier access of the thread has seen more.
    for (std::size_t index = past[thread]; index-- > 0;) {
      const Event& event = events_[thread][index];
      if (event.location != location || !event.is_access()) continue;
      const EventId id{static_cast<std::uint8_t>(thread), static_cast<std::uint16_t>(index)};
      last = std::max(last, position(location, event.writes() ? id : event.source));
      break;
    }
  }
  return last;
}

void Graph::place(Location location, std::ptrdiff_t position, EventId write) {
  if (location >= coherence_.size()) coherence_.resize(location + 1U);
  coherence_[location].insert(coherence_[location].begin() + position, write);
}

void Graph::displace(Location location, std::ptrdiff_t position) noexcept {
  coherence_[location].erase(coherence_[location].begin() + position);
}

EventId Graph::append(std::size_t thread, const Event& event) {
  const EventId id{static_cast<std::uint8_t>(thread),
                   static_cast<std::uint16_t>(events_[thread].size())};
  events_[thread].push_back(event);
  events_[thread].back().stamp = next_stamp_++;
  set_clocks(id);
  return id;
}

// Release sequences are those of C++20, [intro.races] p5: a write and the read-modify-writes that
// follow it directly. So the write of a read-modify-write passes on what its read has read.
void Graph::set_clocks(EventId id) noexcept {
  std::vector<Event>& events = events_[id.thread];
  Event& event = events[id.index];
  event.happens_before = event.causes = event.message = {};
  event.last_read = event.last_release_fence = 0;
  if (id.index > 0) {
    const Event& before = events[id.index - 1U];
    event.happens_before = before.happens_before;
    event.causes = before.causes;
    event.last_read = before.last_read;
    event.last_release_fence = before.last_release_fence;
  }
  const std::size_t count = id.index + std::size_t{1};
  event.happens_before.set(id.thread, count);
  event.causes.set(id.thread, count);
  if (event.reads()) {
    if (event.last_read != 0) event.message = events[event.last_read - 1U].message;
    event.last_read = static_cast<std::uint16_t>(count);
    if (event.source.is_initial()) return;
    const Event& source = at(event.source);
    event.causes.join(source.causes);
    event.message.join(source.message);
    if (acquires(event.order)) event.happens_before.join(source.message);
  } else if (event.writes()) {
    if (releases(event.order)) {
      event.message = event.happens_before;
    } else if (event.last_release_fence != 0) {
      event.message = events[event.last_release_fence - 1U].message;
    }
    if (event.kind != EventKind::kExclusiveWrite) return;
    const EventId source = events[id.index - 1U].source;
    if (!source.is_initial()) event.message.join(at(source).message);
  } else if (event.kind == EventKind::kFence) {
    if (acquires(event.order) && event.last_read != 0) {
      event.happens_before.join(events[event.last_read - 1U].message);
    }
    if (!releases(event.order)) return;
    event.message = event.happens_before;
    event.last_release_fence = static_cast<std::uint16_t>(count);
  } else if ((event.kind == EventKind::kAcquired || event.kind == EventKind::kAllocation) &&
             !event.source.is_initial()) {
    const Event& unlock_or_free = at(event.source);
    event.happens_before.join(unlock_or_free.happens_before);
    event.causes.join(unlock_or_free.causes);
  }
}

void Graph::restrict(const Graph& whole, std::uint32_t newest, const Clock& kept) {
  threads_ = whole.threads_;
  next_stamp_ = whole.next_stamp_;
  unfinished_ = EventId::kNoThread;
  for (std::size_t thread = 0; thread < threads_; ++thread) {
    const std::vector<Event>& from = whole.events_[thread];
    std::size_t count = kept[thread];
    while (count < from.size() && from[count].stamp <= newest) ++count;
    std::vector<Event>& to = events_[thread];
    to.assign(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
    for (Event& event : to) {
      if (event.unlock > count) event.unlock = 0;
    }
  }
  coherence_.resize(whole.coherence_.size());
  for (std::size_t location = 0; location < coherence_.size(); ++location) {
    coherence_[location].clear();
    std::ranges::copy_if(whole.coherence_[location], std::back_inserter(coherence_[location]),
                         [this](EventId write) { return contains(write); });
  }
}

Snapshot::Snapshot(const Graph& graph) {
  std::size_t bytes = sizeof(Header);
  Header header{.next_stamp = graph.next_stamp_,
                .locations = static_cast<std::uint16_t>(graph.coherence_.size()),
                .unfinished = graph.unfinished_,
                .events = {}};
  for (std::size_t thread = 0; thread < graph.threads_; ++thread) {
    header.events[thread] = static_cast<std::uint16_t>(graph.events_[thread].size());
    bytes += sizeof(Event) * graph.events_[thread].size();
  }
  for (const auto& order : graph.coherence_) {
    bytes += sizeof(std::size_t) + sizeof(EventId) * order.size();
  }
  data_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
  std::byte* to = data_.get();
  const auto put = [&to](const void* from, std::size_t size) {
    if (size != 0) std::memcpy(to, from, size);
    to += size;
  };
  put(&header, sizeof(header));
  for (std::size_t thread = 0; thread < graph.threads_; ++thread) {
    put(graph.events_[thread].data(), sizeof(Event) * graph.events_[thread].size());
  }
  for (const auto& order : graph.coherence_) {
    const std::size_t count = order.size();
    put(&count, sizeof(count));
    put(order.data(), sizeof(EventId) * count);
  }
}

void Snapshot::restore(Graph& graph) const {
  const std::byte* from = data_.get();
  const auto get = [&from](void* to, std::size_t size) {
    if (size != 0) std::memcpy(to, from, size);
    from += size;
  };
  Header header;
  get(&header, sizeof(header));
  graph.next_stamp_ = header.next_stamp;
  graph.unfinished_ = header.unfinished;
  for (std::size_t thread = 0; thread < graph.threads_; ++thread) {
    graph.events_[thread].resize(header.events[thread]);
    get(graph.events_[thread].data(), sizeof(Event) * header.events[thread]);
  }
  graph.coherence_.resize(header.locations);
  for (auto& order : graph.coherence_) {
    std::size_t count = 0;
    get(&count, sizeof(count));
    order.resize(count);
    get(order.data(), sizeof(EventId) * count);
  }
}

}  // namespace slabproof::model::graph
