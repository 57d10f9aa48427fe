#include "model/states/state_scheduler.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "model/search/engine.h"
#include "model/states/fingerprint.h"

namespace slabproof::model {
namespace {

std::size_t lowest_of(ThreadSet set) {
  return static_cast<std::size_t>(std::countr_zero(set));
}
std::size_t highest_of(ThreadSet set) {
  return static_cast<std::size_t>(std::bit_width(set)) - 1;
}

}  // namespace

StateScheduler::StateScheduler(const StateOptions& options)
    : options_(options),
      state_(options),
      table_({.keeps_whole_states = options.keep_whole_states,
              .memory_limit = options.memory_limit}) {}

StateScheduler::~StateScheduler() {
  if (has_work_) options_.shared->stop();
}

void StateScheduler::begin() {
  depth_ = 0;
  was_cut_ = false;
  mode_ = livelock_.empty() ? Mode::kCompares : Mode::kLivelock;
}

std::size_t StateScheduler::choose_thread(const SchedulingPoint& at) {
  switch (mode_) {
    case Mode::kLivelock:
      if (depth_ < livelock_.size()) return livelock_[depth_++];
      return first_of(at.enabled, at.current);
    case Mode::kRunsOn:
      return first_of(at.enabled, at.current);
    case Mode::kCompares:
      break;
  }
  if (depth_ < path_.size()) return path_[depth_++].chosen;
  return explore_from(at);
}

std::size_t StateScheduler::choose_value(std::size_t /*count*/) {
  abandon_execution(Defect::kUnsupported, "a search over states cannot choose values");
}

std::size_t StateScheduler::explore_from(const SchedulingPoint& at) {
  switch (state_.take(at)) {
    case CanonicalState::Told::kUnknown:
      abandon_execution(Defect::kUnsupported, state_.why_unknown());
    case CanonicalState::Told::kFailed:
      mode_ = Mode::kRunsOn;
      return first_of(at.enabled, at.current);
    case CanonicalState::Told::kWhole:
      break;
  }
  const Fingerprint fingerprint = fingerprint_of(state_.words());
  switch (add(fingerprint)) {
    case StateTable::Found::kNoRoom:
      is_out_of_memory_ = has_left_out_ = was_cut_ = true;
      Engine::instance().leave_known_state();
    case StateTable::Found::kKnown:
      reached_known(fingerprint);
      Engine::instance().leave_known_state();
    case StateTable::Found::kNew:
      break;
  }
  const ThreadSet steps = state_.without_doubles(at.enabled);
  transitions_ += static_cast<std::uint64_t>(std::popcount(steps));
  const std::size_t first = first_of(steps, at.current);
  path_.push_back({.chosen = static_cast<std::uint8_t>(first),
                   .left = without(steps, just(first)),
                   .number = open_.size(),
                   .lowest = open_.size(),
                   .leads_out = false,
                   .progress = progress_});
  if (options_.shared == nullptr) open_.push_back(fingerprint);
  ++depth_;
  return first;
}

StateTable::Found StateScheduler::add(const Fingerprint& state) {
  return options_.shared != nullptr ? add_shared(state) : table_.add(state, state_.words());
}

void StateScheduler::reached_known(const Fingerprint& state) {
  was_cut_ = true;
  if (path_.empty() || options_.shared != nullptr) return;
  Node& from = path_.back();
  // Most known states are not open; those that are were mostly opened last.
  const auto found = std::find(open_.rbegin(), open_.rend(), state);
  if (found == open_.rend()) {
    from.leads_out = true;
  } else {
    const auto number = static_cast<std::size_t>(open_.rend() - found) - 1;
    from.lowest = std::min(from.lowest, number);
  }
}

std::size_t StateScheduler::first_of(ThreadSet set, std::size_t current) const {
  if (options_.newest_first) return highest_of(set);
  return current < kMaxThreads && contains(set, current) ? current : lowest_of(set);
}

bool StateScheduler::advance() {
  if (is_out_of_memory_) return false;
  if (options_.shared != nullptr) return advance_share();
  livelock_.clear();
  if (!was_cut_ && !path_.empty()) path_.back().leads_out = true;
  while (!path_.empty()) {
    Node& last = path_.back();
    if (last.left != 0) {
      const std::size_t next = options_.newest_first ? highest_of(last.left) : lowest_of(last.left);
      last.chosen = static_cast<std::uint8_t>(next);
      last.left = without(last.left, just(next));
      return true;
    }
    if (!leave_last()) return true;
  }
  return false;
}

// ---- one of several processes ----

bool StateScheduler::begin_share() {
  has_work_ = options_.shared->take_work(work_);
  path_.clear();
  if (!has_work_) return false;
  for (const std::uint8_t choice : std::span(work_.choices).first(work_.size)) {
    path_.push_back({.chosen = choice,
                     .left = 0,
                     .number = 0,
                     .lowest = 0,
                     .leads_out = true,
                     .progress = work_.progress});
  }
  return true;
}

StateTable::Found StateScheduler::add_shared(const Fingerprint& state) {
  constexpr std::uint32_t kMost = (1U << SharedStates::kProgressBits) - 1;
  SharedStates& shared = *options_.shared;
  progress_ = Engine::instance().execution().state()->progress();
  const bool rises = path_.empty() || progress_ > path_.back().progress;
  if (rises && progress_ <= kMost) {
    switch (shared.add(state, progress_)) {
      case SharedStates::Found::kNew:
        ++states_of_share_;
        return StateTable::Found::kNew;
      case SharedStates::Found::kKnown:
        return StateTable::Found::kKnown;
      case SharedStates::Found::kNoRoom:
        return StateTable::Found::kNoRoom;
      case SharedStates::Found::kOtherProgress:
        break;
    }
  }
  shared.leave_to_one();
  return StateTable::Found::kKnown;
}

/// The same as `advance`, for all that is taken and until there is nothing more to take.
bool StateScheduler::advance_share() {
  SharedStates& shared = *options_.shared;
  if (shared.is_stopped()) {
    has_left_out_ = true;
    return false;
  }
  if (shared.wants_work()) give_away_work();
  while (!path_.empty() && path_.back().left == 0) path_.pop_back();
  if (path_.empty()) {
    shared.finish_work();
    if (begin_share()) return true;
    has_left_out_ |= shared.is_stopped();
    return false;
  }
  Node& last = path_.back();
  last.chosen = static_cast<std::uint8_t>(lowest_of(last.left));
  last.left = without(last.left, just(last.chosen));
  return true;
}

/// One step that is still to be tried, the nearest to the beginning: it is likely to lead to most.
void StateScheduler::give_away_work() {
  const auto node = std::ranges::find_if(path_, [](const Node& each) { return each.left != 0; });
  const auto before = static_cast<std::size_t>(node - path_.begin());
  if (node == path_.end() || before + 1 > SharedStates::Work::kMostChoices) return;
  static SharedStates::Work given;
  given.progress = node->progress;
  given.size = static_cast<std::uint32_t>(before) + 1;
  for (std::size_t i = 0; i < before; ++i) given.choices[i] = path_[i].chosen;
  const std::size_t step = lowest_of(node->left);
  given.choices[before] = static_cast<std::uint8_t>(step);
  if (options_.shared->give_work(given)) node->left = without(node->left, just(step));
}

bool StateScheduler::leave_last() {
  const Node last = path_.back();
  const bool is_root = last.lowest == last.number;
  const bool is_livelock = is_root && !last.leads_out;
  if (is_livelock) {
    livelock_.clear();
    for (const Node& node : path_) livelock_.push_back(node.chosen);
  }
  if (is_root) open_.resize(last.number);
  path_.pop_back();
  if (path_.empty()) return !is_livelock;
  Node& before = path_.back();
  if (!is_root) before.lowest = std::min(before.lowest, last.lowest);
  before.leads_out |= last.leads_out || is_livelock;
  return !is_livelock;
}

StateCounts StateScheduler::counts() const {
  if (options_.shared != nullptr) {
    return {
        .states = states_of_share_, .transitions = transitions_, .bytes = options_.shared->bytes()};
  }
  return {.states = table_.size(), .transitions = transitions_, .bytes = table_.bytes()};
}

std::optional<Failure> StateScheduler::missing_failure() {
  switch (mode_) {
    case Mode::kCompares:
      break;
    case Mode::kRunsOn:
      has_left_out_ = true;
      break;
    case Mode::kLivelock:
      return Failure{.defect = Defect::kLivelock,
                     .message = "livelock: from a state on, no thread can ever finish"};
  }
  return std::nullopt;
}

}  // namespace slabproof::model
