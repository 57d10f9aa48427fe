#include "model/states/state_words.h"

#include <algorithm>
#include <bit>
#include <span>
#include <tuple>

namespace slabproof::model {
namespace {

constexpr Knowers kThreads = (Knowers{1} << kMaxThreads) - 1;

/// What is left of a set of threads where one knows only oneself.
std::uint64_t neutral_of(Knowers knowers, std::size_t owner) {
  const bool has_owner = owner < kMaxThreads && (knowers >> owner & 1) != 0;
  const auto count = static_cast<std::uint64_t>(std::popcount(knowers & kThreads));
  return (knowers & ~kThreads) | count << 1 | (has_owner ? 1 : 0);
}

std::uint64_t mixed(std::uint64_t digest, std::uint64_t value) {
  constexpr std::uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  return (std::rotl(digest, 23) ^ value) * kOdd;
}

bool has(Knowers knowers, std::size_t thread) {
  return (knowers >> thread & 1) != 0;
}

Knowers swapped(Knowers knowers, std::size_t a, std::size_t b) {
  if (has(knowers, a) == has(knowers, b)) return knowers;
  return knowers ^ (Knowers{1} << a | Knowers{1} << b);
}

}  // namespace

void StateWords::knowers(Knowers knowers) {
  if (knowers != Knowledge::kAll) {
    names_.push_back({size(), Name::Kind::kKnowers, knowers, 0});
  }
  words_.push_back(knowers == Knowledge::kAll ? knowers : neutral_of(knowers, owner_));
}

void StateWords::loads(const std::vector<Load>& loads) {
  std::uint64_t neutral = loads.size();
  for (const Load& load : loads) {
    const bool is_own = load.thread == owner_;
    neutral += mixed(is_own ? 1 : 2, neutral_of(load.knowers, owner_));
  }
  if (!loads.empty()) {
    names_.push_back(
        {size(), Name::Kind::kLoads, loads_.size(), static_cast<std::uint32_t>(loads.size())});
    loads_.insert(loads_.end(), loads.begin(), loads.end());
  }
  words_.push_back(neutral);
}

void StateWords::append_to(std::vector<std::uint64_t>& words, const ThreadOrder& order) const {
  std::size_t done = 0;
  const auto from = [this](std::size_t i) {
    return words_.begin() + static_cast<std::ptrdiff_t>(i);
  };
  for (const Name& name : names_) {
    words.insert(words.end(), from(done), from(name.at));
    done = name.at + 1;
    switch (name.kind) {
      case Name::Kind::kThread:
        words.push_back(order.place_of(name.value));
        break;
      case Name::Kind::kKnowers:
        words.push_back(order.renamed(name.value));
        break;
      case Name::Kind::kLoads: {
        words.push_back(name.count);
        const std::size_t first = words.size();
        for (const Load& load : std::span(loads_).subspan(name.value, name.count)) {
          words.push_back(order.place_of(load.thread));
          words.push_back(order.renamed(load.knowers));
        }
        // By the new names; there are few.
        for (std::size_t i = first + 2; i < words.size(); i += 2) {
          for (std::size_t k = i; k > first && words[k] < words[k - 2]; k -= 2) {
            std::swap(words[k], words[k - 2]);
            std::swap(words[k + 1], words[k - 1]);
          }
        }
        break;
      }
    }
  }
  words.insert(words.end(), from(done), words_.end());
}

std::uint64_t StateWords::digest_of_mentions(std::size_t thread) const {
  std::uint64_t digest = 0;
  for (const Name& name : names_) {
    switch (name.kind) {
      case Name::Kind::kThread:
        if (name.value == thread) digest = mixed(digest, name.at);
        break;
      case Name::Kind::kKnowers:
        if (has(name.value, thread)) digest = mixed(digest, name.at);
        break;
      case Name::Kind::kLoads:
        for (const Load& load : std::span(loads_).subspan(name.value, name.count)) {
          if (load.thread == thread) digest = mixed(digest, name.at | std::uint64_t{1} << 32);
          if (has(load.knowers, thread)) {
            digest += mixed(name.at, neutral_of(load.knowers, load.thread));
          }
        }
        break;
    }
  }
  return digest;
}

bool StateWords::tells_apart(std::size_t a, std::size_t b) const {
  return std::ranges::any_of(names_, [&](const Name& name) {
    switch (name.kind) {
      case Name::Kind::kThread:
        return name.value == a || name.value == b;
      case Name::Kind::kKnowers:
        return has(name.value, a) != has(name.value, b);
      case Name::Kind::kLoads:
        break;
    }
    return std::ranges::any_of(std::span(loads_).subspan(name.value, name.count),
                               [&](const Load& load) {
                                 return load.thread == a || load.thread == b ||
                                        has(load.knowers, a) != has(load.knowers, b);
                               });
  });
}

bool StateWords::are_alike(const StateWords& of_a, const StateWords& of_b) {
  const std::size_t a = of_a.owner_;
  const std::size_t b = of_b.owner_;
  if (of_a.words_ != of_b.words_) return false;
  return std::ranges::equal(of_a.names_, of_b.names_, [&](const Name& one, const Name& other) {
    if (one.at != other.at || one.kind != other.kind) return false;
    switch (one.kind) {
      case Name::Kind::kThread: {
        const std::size_t renamed = one.value == a ? b : one.value == b ? a : one.value;
        return renamed == other.value;
      }
      case Name::Kind::kKnowers:
        return swapped(one.value, a, b) == other.value;
      case Name::Kind::kLoads:
        return false;  // they could be, but that is rare
    }
    return false;
  });
}

}  // namespace slabproof::model
