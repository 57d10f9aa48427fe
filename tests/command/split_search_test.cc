// The parts of a split search are disjoint and together all of it, threads that names tell apart
// are not taken for each other, and what a job says an exhaustive search must find is compared with
// what was found.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "model/campaign/run.h"
#include "model/program/program.h"

namespace slabproof::model {
namespace {

CheckJob job_of(const std::string& program) {
  CheckJob job;
  job.program = *parse_program(program);
  return job;
}

/// Of all parts, where the search is cut into at least so many.
std::uint64_t executions_of(const std::string& program, std::size_t parts,
                            const SearchOptions& options = {}) {
  const CheckJob job = job_of(program);
  const JobSplit split = split_job(job, options, parts);
  EXPECT_GE(split.parts.size(), parts);
  std::uint64_t sum = 0;
  for (std::size_t part = 0; part < split.parts.size(); ++part) {
    const PartOutcome outcome = explore_part(job, options, split, part, 0, {}, {});
    EXPECT_TRUE(outcome.complete);
    sum += outcome.executions;
  }
  return sum;
}

// Where all steps are on one mutex, those who sleep where a part begins wake at once, so that parts
// which explored what belongs to others would add up all the same.
TEST(SplitSearch, PartsAreDisjointWhereStepsAreOnMoreThanOneObject) {
  for (const std::size_t parts : {1U, 4U, 40U}) {
    EXPECT_EQ(executions_of("a g>2 | a g>2 | t t f a", parts), 586U) << parts;
  }
}

TEST(SplitSearch, PartsAreDisjointWhereThreadsAreInterchangeable) {
  const std::uint64_t whole = executions_of("a f | a f | a f", 1);
  EXPECT_EQ(executions_of("a f | a f | a f", 20), whole);
}

// Each gives to thread 0, so one of them alone gives to itself.
TEST(SplitSearch, ThreadsOfAProgramThatNamesThreadsAreNotInterchangeable) {
  SearchOptions options;
  for (const bool symmetry : {false, true}) {
    options.symmetry = symmetry;
    EXPECT_EQ(executions_of("a g>0 | a g>0 | a f", 1, options), 200U) << symmetry;
  }
}

/// What an exhaustive search of two growers comes to, as it is known.
struct Known {
  CheckJob job = job_of("a f | a f");
  RunResult result;

  Known() {
    job.over_growth = 0;
    job.executions = 20;
    job.executions_with_symmetry = 10;
    result.verdict = Verdict::kHolds;
    result.exhaustive = true;
    result.search = Search::kDpor;
    result.executions = 20;
    result.max_over_growth = 0;
  }
  /// The property that is violated, or nothing.
  std::string judged() {
    judge_expectations(job, result);
    return result.verdict == Verdict::kViolated ? result.property : "";
  }
};

TEST(JudgeExpectations, WhatIsKnownHolds) {
  EXPECT_EQ(Known().judged(), "");
}

TEST(JudgeExpectations, OneExecutionMoreOrLessIsAViolation) {
  for (const std::uint64_t executions : {19U, 21U}) {
    Known known;
    known.result.executions = executions;
    EXPECT_EQ(known.judged(), "S12");
    Known on_graphs;
    on_graphs.result.executions = executions;
    on_graphs.result.search = Search::kGraph;
    EXPECT_EQ(on_graphs.judged(), "S12");
  }
}

TEST(JudgeExpectations, WithSymmetryFewerExecutionsAreKnown) {
  Known known;
  known.result.symmetry = true;
  EXPECT_EQ(known.judged(), "S12");
  known = {};
  known.result.symmetry = true;
  known.result.executions = 10;
  EXPECT_EQ(known.judged(), "");
}

TEST(JudgeExpectations, OtherOverGrowthIsAViolation) {
  for (const bool recheck_all : {true, false}) {
    Known more;
    more.job.slab.recheck_all = recheck_all;
    more.result.max_over_growth = 1;
    EXPECT_EQ(more.judged(), recheck_all ? "S6" : "S7");
    Known less;
    less.job.slab.recheck_all = recheck_all;
    less.job.over_growth = 1;
    EXPECT_EQ(less.judged(), recheck_all ? "S6" : "S7");
  }
}

TEST(JudgeExpectations, SearchThatWasCutIsComparedWithNothing) {
  Known known;
  known.result.executions = 5;
  known.result.exhaustive = false;
  EXPECT_EQ(known.judged(), "");
}

TEST(JudgeExpectations, SearchThatCountsSomethingElseIsComparedByItsOverGrowthAlone) {
  Known full;
  full.result.executions = 5;
  full.result.search = Search::kFull;
  EXPECT_EQ(full.judged(), "");
  full.result.max_over_growth = 1;
  EXPECT_NE(full.judged(), "");
  Known gifts;
  gifts.job.program = *parse_program("a g>1 | t");
  gifts.result.executions = 5;
  gifts.result.search = Search::kGraph;
  EXPECT_EQ(gifts.judged(), "");
}

}  // namespace
}  // namespace slabproof::model
