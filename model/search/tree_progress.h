#ifndef SLABPROOF_MODEL_SEARCH_TREE_PROGRESS_H_
#define SLABPROOF_MODEL_SEARCH_TREE_PROGRESS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace slabproof::model {

/// Estimates which part of a tree a depth-first search has been through, from nothing but how many
/// branches it has put aside: each counts a share of what is left where it is put aside, and the
/// way that the search goes on counts the rest (with half, the weights of Kilby, Slaney, Thiebaux,
/// Walsh, "Estimating search tree size", AAAI 2006, for a binary tree). So it never goes back, and
/// ends at 1.
class TreeProgress {
 public:
  /// On execution graphs what is put aside is the smaller part, as what comes later can no longer
  /// revisit what it has. How much smaller depends on the program: the estimate is a rough one.
  static constexpr double kShareOnGraphs = 0.4;

  explicit TreeProgress(double share = kShareOnGraphs) : share_(share) {}

  /// Up to 1.
  [[nodiscard]] double part() const noexcept { return part_; }

  /// The search has come to a leaf; so many branches are put aside now.
  void reach_leaf(std::size_t put_aside) {
    while (branches_.size() < put_aside) {
      branches_.push_back(way_ * share_);
      way_ -= branches_.back();
    }
    part_ += way_;
    way_ = 0;
  }
  /// It goes on with the branch that was put aside last, or with one before that where the last
  /// ones lead nowhere; so many are left.
  void go_on(std::size_t put_aside) {
    while (branches_.size() > put_aside) {
      part_ += way_;
      way_ = branches_.back();
      branches_.pop_back();
    }
  }
  /// Of a tree of which so many branches are known to begin with, each of which counts the same.
  void begin_with(std::size_t put_aside) {
    part_ = 0;
    way_ = 0;
    branches_.assign(put_aside, 1.0 / static_cast<double>(std::max<std::size_t>(put_aside, 1)));
  }

 private:
  double share_;
  std::vector<double> branches_;  // what each that is put aside counts
  double way_ = 1;                // what is left of the branch that the search is in
  double part_ = 0;
};

}  // namespace slabproof::model

#endif  // SLABPROOF_MODEL_SEARCH_TREE_PROGRESS_H_
