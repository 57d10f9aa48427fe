#include "model/search/simpler_schedule.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace slabproof::model {
namespace {

/// What a thread does between two switches.
struct Turn {
  std::size_t thread;
  std::vector<Choice> choices;
};

std::vector<Turn> turns_of(const Schedule& schedule) {
  std::vector<Turn> turns;
  for (const Choice choice : schedule.choices) {
    const bool begins =
        !choice.is_value() && (turns.empty() || turns.back().thread != choice.index());
    if (begins) turns.push_back({.thread = choice.index(), .choices = {}});
    if (!turns.empty()) turns.back().choices.push_back(choice);
  }
  return turns;
}

/// Schedules that may be simpler; what of them cannot be is adapted when they run.
class Candidates {
 public:
  explicit Candidates(const Schedule& schedule) : schedule_(schedule), turns_(turns_of(schedule)) {
    for (std::size_t count = 0; count < turns_.size(); ++count) {
      add(std::span(turns_).first(count));
    }
    for (std::size_t turn = 0; turn < turns_.size(); ++turn) join_with_next(turn);
    for (std::size_t turn = 0; turn < turns_.size(); ++turn) {
      std::vector<Turn> rest = turns_;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(turn));
      add(rest);
    }
    for (std::size_t turn = 0; turn < turns_.size(); ++turn) read_newest(turn);
  }

  [[nodiscard]] const std::vector<Schedule>& all() const { return all_; }

 private:
  void add(std::span<const Turn> turns) {
    Schedule& added = all_.emplace_back(schedule_);
    added.choices.clear();
    for (const Turn& turn : turns) {
      added.choices.insert(added.choices.end(), turn.choices.begin(), turn.choices.end());
    }
  }
  /// The next turn of the same thread comes at once, or this one waits until then.
  void join_with_next(std::size_t turn) {
    std::size_t next = turn + 1;
    while (next < turns_.size() && turns_[next].thread != turns_[turn].thread) ++next;
    if (next == turns_.size()) return;
    std::vector<Turn> moved = turns_;
    const auto at = [&moved](std::size_t index) {
      return moved.begin() + static_cast<std::ptrdiff_t>(index);
    };
    std::rotate(at(turn + 1), at(next), at(next + 1));
    add(moved);
    moved = turns_;
    std::rotate(at(turn), at(turn + 1), at(next));
    add(moved);
  }
  /// A read of an old value reads the newest instead, where it is, or before what others did first.
  void read_newest(std::size_t turn) {
    const std::vector<Choice>& choices = turns_[turn].choices;
    for (std::size_t read = 0; read < choices.size(); ++read) {
      if (!choices[read].is_value() || choices[read].index() == 0) continue;
      const auto end = choices.begin() + static_cast<std::ptrdiff_t>(read) + 1;
      Turn first{turns_[turn].thread, {choices.begin(), end}};
      first.choices.back() = Choice::value(0);
      std::vector<Turn> moved = turns_;
      moved[turn].choices.assign(end, choices.end());
      moved.insert(moved.begin() + static_cast<std::ptrdiff_t>(turn), std::move(first));
      add(moved);
      for (std::size_t before = turn; before > 0; --before) {
        std::swap(moved[before], moved[before - 1]);
        add(moved);
      }
    }
  }

  const Schedule& schedule_;
  std::vector<Turn> turns_;
  std::vector<Schedule> all_;
};

/// What is said at the same place may name other values and other threads.
bool is_same(const Failure& one, const Failure& other) {
  if (one.defect != other.defect || one.label != other.label || one.place != other.place) {
    return false;
  }
  return one.place.line != 0 || one.message == other.message;
}

}  // namespace

ScheduleComplexity complexity_of(const Schedule& schedule) {
  ScheduleComplexity complexity{.choices = schedule.choices.size()};
  std::optional<std::size_t> running;
  for (const Choice choice : schedule.choices) {
    if (choice.is_value()) {
      complexity.old_values += choice.index() == 0 ? 0 : 1;
      continue;
    }
    complexity.switches += running && *running != choice.index() ? 1 : 0;
    running = choice.index();
  }
  return complexity;
}

Schedule simpler_schedule(Schedule schedule, const Failure& failure, const AdaptedReplay& replay,
                          double seconds) {
  const auto begin = std::chrono::steady_clock::now();
  const auto is_late = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() >
           seconds;
  };
  ScheduleComplexity least = complexity_of(schedule);
  for (bool goes_on = true; goes_on && !is_late();) {
    goes_on = false;
    const Candidates candidates(schedule);
    for (const Schedule& candidate : candidates.all()) {
      if (is_late()) break;
      ExploreResult ran = replay(candidate);
      if (!ran.violation || !is_same(*ran.violation, failure)) continue;
      const ScheduleComplexity complexity = complexity_of(ran.schedule);
      if (ran.schedule.choices.empty() || complexity >= least) continue;
      least = complexity;
      schedule = std::move(ran.schedule);
      goes_on = true;
      break;
    }
  }
  return schedule;
}

}  // namespace slabproof::model
