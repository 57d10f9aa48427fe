// The checker for classes of one's own: what it says of small programs, right and wrong.

#include "slabproof/model/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/check/environment.h"

namespace slabproof::model {
namespace {

using std::memory_order::acquire;
using std::memory_order::relaxed;
using std::memory_order::release;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcomes = std::set<std::string>;

/// Sets a variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

/// For one producer and one consumer.
template <class Sync>
class Ring {
 public:
  explicit Ring(std::memory_order publish) : publish_(publish) {}

  void push(int value) {
    const unsigned end = end_.load(relaxed);
    cell_.write() = value;
    end_.store(end + 1, publish_);
  }
  std::optional<int> pop() {
    const unsigned begin = begin_.load(relaxed);
    if (end_.load(acquire) == begin) return std::nullopt;
    const int value = cell_.read();
    begin_.store(begin + 1, release);
    return value;
  }

 private:
  std::memory_order publish_;
  typename Sync::template Var<int> cell_{0};
  typename Sync::template Atomic<unsigned> begin_{0};
  typename Sync::template Atomic<unsigned> end_{0};
};

/// A ring that publishes what is pushed with `publish`.
CheckResult check_ring(std::memory_order publish, const CheckOptions& options = {}) {
  return check(
      [publish](auto& run) {
        auto& ring = run.template make<Ring<Checked>>(publish);
        run.name(ring, "ring");
        run.thread("producer", [&] { ring.push(7); });
        run.thread("consumer", [&run, &ring] { run.observe(ring.pop()); });
      },
      options);
}

TEST(Check, HoldsWhereNothingFailsInAnyExecution) {
  const CheckResult result = check_ring(release);
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_TRUE(result.exhaustive());
  EXPECT_EQ(result.executions(), 2U);
  EXPECT_EQ(result.outcomes(), (Outcomes{"- | 7", "- | nothing"}));
  EXPECT_EQ(result.exit_code(), 0);
  EXPECT_EQ(result.failure(), nullptr);
  EXPECT_THAT(result.report(), HasSubstr("holds: 2 executions, exhaustive"));
}

TEST(Check, EverySearchSaysTheSame) {
  for (const Search search :
       {Search::kGraph, Search::kDpor, Search::kFull, Search::kBound, Search::kRandom}) {
    EXPECT_TRUE(check_ring(release, {.search = search}).holds()) << to_text(search);
    EXPECT_EQ(check_ring(relaxed, {.search = search}).exit_code(), 1) << to_text(search);
  }
}

TEST(Check, ReportOfARaceNamesThreadsObjectsAndBothAccesses) {
  const CheckResult result = check_ring(relaxed);
  EXPECT_EQ(result.verdict(), Verdict::kViolated);
  const std::string report = result.report();
  EXPECT_THAT(report, HasSubstr("data race: ring.variable 0"));
  EXPECT_THAT(report, HasSubstr("T1 consumer"));
  EXPECT_THAT(report,
              HasSubstr("conflicting access: T0 producer write ring.variable 0 at check_test.cc"));
  EXPECT_THAT(report, HasSubstr("SLABPROOF_REPLAY='check_test.cc:"));
  EXPECT_THAT(report, Not(HasSubstr("unsigned")));
}

TEST(Check, ObjectWithANameOfItsOwnIsCalledByIt) {
  const CheckResult result = check([](auto& run) {
    auto& flag = run.template make<Checked::Var<bool>>(false);
    run.name(flag, "flag");
    run.threads(2, [&] { flag.write() = true; });
  });
  EXPECT_THAT(result.report(), HasSubstr("data race: flag is written"));
}

TEST(Check, PartOfAnObjectWithANameIsNotCalledByItAlone) {
  const CheckResult result = check([](model::Run& run) {
    auto& ready = run.make<checked::atomic<bool>>(false);
    run.name(ready, "ready");
    run.thread([&] {
      ready.store(true);
      ready.notify_all();
      expect(false);
    });
  });
  EXPECT_THAT(result.report(), HasSubstr("store seq_cst ready = true"));
  EXPECT_THAT(result.report(), HasSubstr("exchange acq_rel ready.atomic 1"));
}

TEST(Check, ClassWithTheFunctionsOfAMutexIsNotCalledOne) {
  struct TicketLock {
    Checked::Var<int> taken{0};
    Checked::Var<int> served{0};
    void lock() { ++taken.write(); }
    void unlock() { ++served.write(); }
  };
  const CheckResult result = check([](model::Run& run) {
    auto& lock = run.make<TicketLock>();
    run.name(lock, "lock");
    run.threads(2, [&] { lock.lock(); });
  });
  EXPECT_THAT(result.report(), HasSubstr("data race: lock.variable 0 is written"));
}

TEST(Check, FailedExpectationIsAViolationAtItsLine) {
  const CheckResult result = check([](auto& run) {
    auto& counter = run.template make<Checked::Atomic<int>>(0);
    run.threads(2, [&] { counter.store(counter.load(relaxed) + 1, relaxed); });
    run.after([&] { expect(counter.load(relaxed) == 2, "an addition is lost"); });
  });
  EXPECT_EQ(result.exit_code(), 1);
  ASSERT_NE(result.failure(), nullptr);
  EXPECT_EQ(result.failure()->message, "an addition is lost");
  EXPECT_EQ(result.failure()->place.file, "check_test.cc");
}

TEST(Check, ThreadsThatAreAlikeAndBeginWithALockAreExploredInOneOrder) {
  const auto program = [](auto& run) {
    auto& mutex = run.template make<Checked::Mutex>();
    auto& counter = run.template make<Checked::Var<int>>(0);
    run.threads(3, [&run, &mutex, &counter] {
      const checked::lock_guard lock(mutex);
      run.observe(counter.write()++);
    });
  };
  const CheckResult reduced = check(program);
  const CheckResult all = check(program, {.symmetry = false});
  EXPECT_EQ(reduced.executions(), 1U);
  EXPECT_EQ(all.executions(), 6U);
  EXPECT_EQ(reduced.outcomes(), (Outcomes{"0 | 1 | 2"}));
  EXPECT_EQ(all.outcomes(), reduced.outcomes());
}

TEST(Check, ExecutionsThatAreAssumedAwayAreNotJudged) {
  const auto program = [](bool assumes) {
    return check([assumes](auto& run) {
      auto& x = run.template make<Checked::Atomic<int>>(0);
      run.thread([&] { x.store(1, relaxed); });
      run.thread([&run, &x, assumes] {
        const int seen = x.load(relaxed);
        if (assumes) assume(seen == 1);
        run.observe(seen);
      });
      run.after([&] { expect(x.load(relaxed) == 1); });
    });
  };
  EXPECT_EQ(program(false).outcomes(), (Outcomes{"- | 0", "- | 1"}));
  const CheckResult assumed = program(true);
  EXPECT_TRUE(assumed.holds()) << assumed.report();
  EXPECT_TRUE(assumed.exhaustive());
  EXPECT_EQ(assumed.outcomes(), (Outcomes{"- | 1"}));
  EXPECT_EQ(assumed.executions(), 1U);
}

/// Fails only where what its first thread assumes is so. That comes first, so that the assumption
/// fails before the other thread has done anything.
void fail_where_assumed(model::Run& run) {
  auto& x = run.make<Checked::Atomic<int>>(0);
  run.thread([&] {
    assume(x.load(relaxed) == 1);
    expect(false, "reached");
  });
  run.thread([&] { x.store(1, relaxed); });
}

TEST(Check, FailureInAnExecutionThatHoldsItsAssumptionsIsFound) {
  for (const Search search : {Search::kGraph, Search::kDpor, Search::kFull}) {
    const CheckResult result = check(fail_where_assumed, {.search = search});
    ASSERT_EQ(result.exit_code(), 1) << to_text(search) << result.report();
    EXPECT_EQ(result.failure()->message, "reached");
  }
}

/// n additions in each of three threads, in no order; the last may be lost.
CheckResult check_additions(bool is_atomic, std::size_t jobs) {
  return check(
      [is_atomic](auto& run) {
        auto& sum = run.template make<Checked::Atomic<int>>(0);
        for (int thread = 0; thread < 3; ++thread) {
          run.thread([&run, &sum, is_atomic] {
            for (int i = 0; i < 2; ++i) {
              if (is_atomic) {
                run.observe(sum.fetch_add(1, relaxed));
              } else {
                sum.store(sum.load(relaxed) + 1, relaxed);
              }
            }
          });
        }
        run.after([&] { expect(sum.load(relaxed) == 6, "an addition is lost"); });
      },
      {.jobs = jobs});
}

TEST(CheckJobs, ExploreWhatOneProcessExplores) {
  const CheckResult alone = check_additions(true, 1);
  const CheckResult shared = check_additions(true, 3);
  EXPECT_TRUE(shared.holds()) << shared.report();
  EXPECT_TRUE(shared.exhaustive());
  EXPECT_EQ(alone.executions(), 90U);
  EXPECT_EQ(shared.executions(), alone.executions());
  EXPECT_EQ(shared.outcomes(), alone.outcomes());
}

TEST(CheckJobs, WhatFailsInAProcessIsReportedWithItsTrace) {
  const CheckResult result = check_additions(false, 2);
  EXPECT_EQ(result.exit_code(), 1);
  EXPECT_THAT(result.report(), HasSubstr("an addition is lost"));
  EXPECT_FALSE(result.trace().events.empty());
}

TEST(CheckJobs, OutcomesMayBeAnyBytes) {
  const CheckResult result =
      check([](model::Run& run) { run.threads(2, [&run] { run.observe(std::string("\xff\n")); }); },
            {.jobs = 2});
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes().size(), 1U);
}

TEST(CheckShards, TogetherExploreWhatOneProcessExplores) {
  const CheckResult whole = check_additions(true, 1);
  for (const std::size_t jobs : {1U, 2U}) {
    std::uint64_t executions = 0;
    Outcomes outcomes;
    for (const char* const shard : {"0/3", "1/3", "2/3"}) {
      const Variable variable("SLABPROOF_SHARD", shard);
      const CheckResult part = check_additions(true, jobs);
      EXPECT_TRUE(part.holds()) << part.report();
      EXPECT_FALSE(part.exhaustive());
      EXPECT_THAT(part.report(), HasSubstr(std::string("shard ") + shard));
      EXPECT_LT(part.executions(), whole.executions());
      executions += part.executions();
      outcomes.insert(part.outcomes().begin(), part.outcomes().end());
    }
    EXPECT_EQ(executions, whole.executions()) << jobs;
    EXPECT_EQ(outcomes, whole.outcomes());
  }
}

/// A shard of a check, as a machine of its own would run it.
template <class Program>
CheckResult check_shard(const std::string& shard, const Program& program, std::size_t jobs = 1) {
  const Variable variable("SLABPROOF_SHARD", shard);
  return program(jobs);
}

TEST(CheckShards, AssumptionThatFailsInOneShardIsKnownToAll) {
  const auto program = [](std::size_t jobs) { return check(fail_where_assumed, {.jobs = jobs}); };
  const int first = check_shard("0/2", program).exit_code();
  const int second = check_shard("1/2", program).exit_code();
  EXPECT_TRUE(first == 1 || second == 1) << first << " " << second;
}

TEST(CheckShards, AreTheSameWhateverTheNumberOfJobs) {
  const auto program = [](std::size_t jobs) { return check_additions(true, jobs); };
  const CheckResult first = check_shard("0/2", program, 1);
  const CheckResult second = check_shard("1/2", program, 2);
  Outcomes outcomes = first.outcomes();
  outcomes.insert(second.outcomes().begin(), second.outcomes().end());
  const CheckResult whole = check_additions(true, 1);
  EXPECT_EQ(first.executions() + second.executions(), whole.executions());
  EXPECT_EQ(outcomes, whole.outcomes());
}

/// The line that a report names for the next run.
std::string replay_of(const CheckResult& result) {
  const std::string report = result.report();
  const std::string before = "SLABPROOF_REPLAY='";
  const std::size_t begin = report.find(before) + before.size();
  return report.substr(begin, report.find('\'', begin) - begin);
}

TEST(CheckShards, RecordedExecutionFailsInEachShard) {
  const auto program = [](std::size_t jobs) { return check_additions(false, jobs); };
  const Variable replay("SLABPROOF_REPLAY", replay_of(program(1)));
  for (const char* const shard : {"0/2", "1/2"}) {
    EXPECT_EQ(check_shard(shard, program).exit_code(), 1) << shard;
  }
}

TEST(CheckShards, WhatFailsInAJobOfAnyShardIsReportedAsItIs) {
  const auto program = [](std::size_t jobs) { return check_additions(false, jobs); };
  for (const char* const shard : {"0/3", "1/3", "2/3"}) {
    const CheckResult result = check_shard(shard, program, 2);
    if (result.exit_code() != 1) continue;
    EXPECT_THAT(result.report(), HasSubstr("an addition is lost"));
  }
}

TEST(CheckShards, ShardWithoutAnExecutionSaysSo) {
  const auto program = [](std::size_t jobs) {
    return check([](auto& run) { run.thread([] { assume(false); }); }, {.jobs = jobs});
  };
  for (const char* const shard : {"0/2", "1/2"}) {
    EXPECT_THAT(check_shard(shard, program).report(), HasSubstr("no execution")) << shard;
  }
}

TEST(CheckShards, ShardThatIsNotValidIsRefused) {
  for (const char* const shard : {"3/3", "1", "a/b", "1/", ""}) {
    const Variable variable("SLABPROOF_SHARD", shard);
    EXPECT_EQ(check_ring(release).exit_code(), 2) << shard;
  }
}

TEST(CheckJobs, NumberThatIsNotValidIsRefused) {
  for (const char* const jobs : {"0", "257", "two", ""}) {
    const Variable variable("SLABPROOF_JOBS", jobs);
    EXPECT_EQ(check_ring(release).exit_code(), 2) << jobs;
  }
}

TEST(Check, ThreadThatIsSpawnedSeesWhatCameBeforeAndIsSeenByWhoJoinsIt) {
  const CheckResult result = check([](auto& run) {
    auto& value = run.template make<Checked::Var<int>>(0);
    auto& child = run.spawned([&] { ++value.write(); });
    run.thread([&run, &value, &child] {
      value.write() = 1;
      child.start();
      child.join();
      run.observe(value.read());
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes(), (Outcomes{"- | 2"}));
}

TEST(Check, AccessBesideASpawnedThreadThatWasNotJoinedIsARace) {
  const CheckResult result = check([](auto& run) {
    auto& value = run.template make<Checked::Var<int>>(0);
    auto& child = run.spawned([&] { ++value.write(); });
    run.thread([&] {
      child.start();
      value.write() = 1;
    });
  });
  EXPECT_THAT(result.report(), HasSubstr("data race"));
}

TEST(Check, ObjectsEndAfterTheLastJudgeTheNewestFirst) {
  struct Log {
    std::string text;
  };
  struct Entry {
    Log& log;
    char name;
    Entry(Log& to, char as) : log(to), name(as) {}
    ~Entry() { log.text += name; }
  };
  Log log;
  const CheckResult result = check([&log](auto& run) {
    log.text.clear();
    run.template make<Entry>(log, 'a');
    run.template make<Entry>(log, 'b');
    run.thread([] {});
    run.after([&log] { log.text += 'j'; });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(log.text, "jba");
}

TEST(Check, WhatABodyHoldsEndsWithTheExecution) {
  struct Big {
    Checked::Atomic<int> count{0};
  };
  const CheckResult result = check([](model::Run& run) {
    const auto shared = std::make_shared<Big>();
    run.threads(2, [shared] { shared->count.fetch_add(1, relaxed); });
    run.after([shared, text = std::string(100, 'x')] {
      expect(shared->count.load(relaxed) == 2 && text.size() == 100);
    });
  });
  EXPECT_TRUE(result.holds()) << result.report();
}

TEST(Check, BodiesMayChangeWhatTheyHold) {
  const CheckResult result = check([](model::Run& run) {
    run.thread([&run, number = std::make_unique<int>(3)]() mutable { run.observe(++*number); });
  });
  EXPECT_TRUE(result.holds()) << result.report();
  EXPECT_EQ(result.outcomes(), (Outcomes{"4"}));
}

TEST(Check, ObjectsMayMakeOthers) {
  struct Pair {
    int& first;
    int second = 2;
    explicit Pair(model::Run& run) : first(run.make<int>(1)) {}
  };
  const CheckResult result = check([](model::Run& run) {
    auto& pair = run.make<Pair>(run);
    run.thread([&run, &pair] { run.observe(pair.first, pair.second); });
  });
  EXPECT_EQ(result.outcomes(), (Outcomes{"1 2"})) << result.report();
}

TEST(Check, ObjectsAreMadeBeforeTheThreads) {
  const CheckResult result =
      check([](model::Run& run) { run.thread([&run] { run.make<int>(1); }); });
  EXPECT_NE(result.failure(), nullptr);
}

TEST(Check, MemoryOfACheckThatFailedIsNoLeakOfTheNext) {
  const CheckResult failed = check([](model::Run& run) {
    run.make<std::vector<int>>(10U, 1);
    run.thread([] { expect(false); });
  });
  ASSERT_EQ(failed.exit_code(), 1);
  // The memory that was left there comes back, and is freed before the threads.
  const CheckResult next = check([](model::Run& run) {
    const std::vector<int> scratch(10U, 1);
    run.thread([] {});
  });
  EXPECT_TRUE(next.holds()) << next.report();
}

TEST(Check, ProgramWhoseExecutionsAreAllAssumedAwayIsInconclusive) {
  for (const Search search : {Search::kGraph, Search::kDpor, Search::kRandom}) {
    for (const std::size_t jobs : {1U, 2U}) {
      const CheckResult result =
          check([](model::Run& run) { run.threads(2, [] { assume(false); }); },
                {.search = search, .jobs = jobs});
      EXPECT_EQ(result.exit_code(), 3) << to_text(search) << result.report();
      EXPECT_EQ(result.failure(), nullptr);
    }
  }
}

TEST(Check, MemoryThatAThreadForgetsIsALeak) {
  const CheckResult result = check([](auto& run) {
    auto& kept = run.template make<Checked::Atomic<int*>>(nullptr);
    run.thread([&] { kept.store(new int(1), relaxed); });
  });
  EXPECT_EQ(result.exit_code(), 1) << result.report();
  EXPECT_THAT(result.report(), HasSubstr("leak: 4 bytes in 1 block of memory are never freed"));
}

TEST(Check, ExceptionThatLeavesAThreadIsAViolation) {
  const CheckResult result =
      check([](auto& run) { run.thread([] { throw std::runtime_error("no room"); }); });
  EXPECT_EQ(result.exit_code(), 1);
  EXPECT_THAT(result.report(), HasSubstr("no room"));
}

TEST(Check, ProgramWithoutThreadsIsRefused) {
  const CheckResult result = check([](auto& /*run*/) {});
  EXPECT_EQ(result.exit_code(), 2);
  EXPECT_THAT(result.report(), HasSubstr("at least one thread"));
}

TEST(Check, NumberOfThreadsThatChangesIsRefused) {
  std::size_t executions = 0;
  const CheckResult result = check([&executions](auto& run) {
    run.thread([] {});
    if (executions++ != 0) run.thread([] {});
  });
  EXPECT_EQ(result.exit_code(), 2);
  EXPECT_THAT(result.report(), HasSubstr("another number of threads"));
}

TEST(Check, LimitOfExecutionsIsInconclusive) {
  const CheckResult result = check_ring(release, {.executions = 1});
  EXPECT_EQ(result.verdict(), Verdict::kInconclusive);
  EXPECT_EQ(result.exit_code(), 3);
  EXPECT_FALSE(result.holds());
}

std::string replay_in(const std::string& report) {
  const std::string key = "SLABPROOF_REPLAY='";
  const std::size_t begin = report.find(key) + key.size();
  return report.substr(begin, report.find('\'', begin) - begin);
}

/// The same in the next check that this process makes at that line.
std::string next_time(const std::string& replay) {
  const std::size_t space = replay.find(' ');
  const std::size_t number = replay.find('#');
  const unsigned long count = number < space ? std::stoul(replay.substr(number + 1)) : 1;
  return replay.substr(0, std::min(number, space)) + "#" + std::to_string(count + 1) +
         replay.substr(space);
}

TEST(CheckEnvironment, ReportedScheduleRunsAgain) {
  for (const Search search : {Search::kGraph, Search::kDpor}) {
    const auto run = [search] { return check_ring(relaxed, {.search = search}); };
    const CheckResult found = run();
    const Variable replay("SLABPROOF_REPLAY", next_time(replay_in(found.report())));
    const CheckResult again = run();
    EXPECT_EQ(again.executions(), 1U);
    ASSERT_NE(again.failure(), nullptr);
    EXPECT_EQ(*again.failure(), *found.failure());
  }
}

TEST(CheckEnvironment, ScheduleOfAnotherProgramIsNotAViolation) {
  const std::string found = next_time(replay_in(check_ring(relaxed).report()));
  // Of a program with more threads.
  const Variable replay("SLABPROOF_REPLAY", found.substr(0, found.find(' ')) + " g 5");
  const CheckResult result = check_ring(release);
  EXPECT_EQ(result.exit_code(), 2) << result.report();
}

TEST(CheckEnvironment, ScheduleOfAnotherCheckIsNotLookedAt) {
  const Variable replay("SLABPROOF_REPLAY", "elsewhere.cc:7 0 1");
  EXPECT_EQ(check_ring(release).executions(), 2U);
}

TEST(CheckEnvironment, FileOfACheckMayHaveSpacesInItsName) {
  const Variable replay("SLABPROOF_REPLAY", "my test.cc:6 0x4");
  const auto own = read_environment("my test.cc:6");
  ASSERT_TRUE(own) << own.error();
  EXPECT_TRUE(own->replay);
  const auto other = read_environment("my test.cc:60");
  ASSERT_TRUE(other) << other.error();
  EXPECT_TRUE(other->is_of_another);
}

TEST(CheckEnvironment, ReplayThatIsNotValidIsRefused) {
  const Variable replay("SLABPROOF_REPLAY", "0 1");
  const CheckResult result = check_ring(release);
  EXPECT_EQ(result.exit_code(), 2);
  EXPECT_THAT(result.report(), HasSubstr("expected FILE:LINE SCHEDULE, not '0 1'"));
}

TEST(CheckEnvironment, TraceIsWrittenAsAPage) {
  const std::filesystem::path file =
      std::filesystem::path(::testing::TempDir()) / "check_test_trace.html";
  const Variable trace("SLABPROOF_TRACE", file.string());
  const CheckResult result = check_ring(relaxed);
  EXPECT_THAT(result.report(), HasSubstr("The trace is in " + file.string()));
  std::ifstream in(file);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(page, HasSubstr("<html"));
  EXPECT_THAT(page, HasSubstr("T0 producer"));
}

TEST(CheckEnvironment, TraceThatCannotBeWrittenIsReported) {
  const Variable trace("SLABPROOF_TRACE", "/nowhere/trace.html");
  EXPECT_THAT(check_ring(relaxed).report(),
              HasSubstr("could not be written to /nowhere/trace.html"));
}

}  // namespace
}  // namespace slabproof::model
