#include "model/graph/standstill.h"

#include <fmt/format.h>

#include "model/search/source_place.h"

namespace slabproof::model::graph {
namespace {

/// " at stack.h:7"; empty where the place is not known.
std::string at_place_of(const Event& event) {
  const std::string place = to_text(SourcePlace::of(event.place));
  return place.empty() ? place : " at " + place;
}

std::string describe_wait_for_mutex(const Graph& graph, std::size_t thread) {
  const auto& events = graph.thread(thread);
  const EventId before = events[events.size() - 2].source;
  return fmt::format("thread {} waits{} for a mutex that thread {} has or waits for", thread,
                     at_place_of(events.back()), before.thread);
}

std::string describe_source(const Graph& graph, EventId source) {
  if (source.is_initial()) return "was there at first";
  return fmt::format("thread {} wrote{}", source.thread, at_place_of(graph.at(source)));
}

std::string describe_wait(const Replay& replay, std::size_t thread) {
  const auto& repeated = replay.repeated(thread);
  if (repeated.empty()) return fmt::format("thread {} pauses for ever and reads nothing", thread);
  std::string text = fmt::format("thread {} repeats itself for ever (", thread);
  const char* comma = "";
  for (const EventId id : repeated) {
    const Event& event = replay.graph().at(id);
    const std::string place = to_text(SourcePlace::of(event.place));
    text += fmt::format("{}{} ", comma, place.empty() ? "it" : place);
    text += event.is_failed_try() ? "tries to lock what another thread has"
                                  : "reads what " + describe_source(replay.graph(), event.source);
    comma = ", ";
  }
  return text + ")";
}

}  // namespace

Standstill describe_standstill(const Replay& replay, std::size_t threads) {
  Standstill result{.defect = Defect::kDeadlock, .message = {}};
  std::string separator;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    std::string wait;
    if (replay.state(thread) == Replay::State::kQueued) {
      wait = describe_wait_for_mutex(replay.graph(), thread);
    } else if (replay.state(thread) == Replay::State::kSpinning) {
      result.defect = Defect::kLivelock;
      wait = describe_wait(replay, thread);
    } else {
      continue;
    }
    result.message += separator + wait;
    separator = ", ";
  }
  result.message =
      (result.defect == Defect::kLivelock ? "livelock: " : "deadlock: ") + result.message;
  return result;
}

}  // namespace slabproof::model::graph
