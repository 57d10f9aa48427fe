#include "model/program/scenario.h"

#include <algorithm>
#include <array>

namespace slabproof::model {
namespace {

// The counts are those of the brute-force counter in testdata/order_counter, but for those of
// programs with gifts between threads, which are not critical sections: the search itself found
// these.
constexpr auto kDefaultSuite = std::to_array<Scenario>({
    {.name = "two_growers",
     .race = "Two threads see a full slab and both obtain a segment; one of the two is not needed.",
     .program = "a f | a f",
     .executions = 20,
     .executions_with_symmetry = 10},
    {.name = "two_growers_look_at_new_segments_only",
     .race = "As two_growers, but phase 3 does not see what was freed into old segments: it may "
             "install one segment too many, and no more.",
     .program = "a f | a f",
     .slab = {.recheck_all = false},
     .over_growth = 1,
     .executions = 20,
     .executions_with_symmetry = 10},
    {.name = "two_growers_share_one_segment",
     .race = "Two threads grow an empty slab, and one segment is enough for both.",
     .program = "a f | a f",
     .slab = {.capacity = 2, .recheck_all = false},
     .executions = 18,
     .executions_with_symmetry = 9},
    {.name = "free_into_old_segment_while_another_thread_grows",
     .race = "A slot of an old segment is freed between the other thread's look and its growth.",
     .program = "a f a f | a a f f",
     .executions = 555,
     .executions_with_symmetry = 555},
    {.name = "free_of_another_threads_block",
     .race = "A block is freed by a thread that did not allocate it, while its allocator grows.",
     .program = "a g>1 a f | t f a f",
     .executions = 115,
     .executions_with_symmetry = 115},
    {.name = "three_growers",
     .race = "Three threads see a full slab at once.",
     .program = "a f | a f | a f",
     .executions = 1'554,
     .executions_with_symmetry = 259},
    {.name = "three_growers_look_at_new_segments_only",
     .race = "Three threads see a full slab at once and ignore what is freed meanwhile.",
     .program = "a f | a f | a f",
     .slab = {.recheck_all = false},
     .over_growth = 1,
     .executions = 1'548,
     .executions_with_symmetry = 258},
    {.name = "three_growers_one_of_them_twice",
     .race = "Growth continues while two threads are still in their growth window.",
     .program = "a a f f | a f | a f",
     .executions = 16'740,
     .executions_with_symmetry = 8'370},
    {.name = "three_growers_of_segments_of_two",
     .race = "A segment that was installed for two is filled by others before its owner returns.",
     .program = "a a f f | a f | a f",
     .slab = {.capacity = 2, .recheck_all = false},
     .over_growth = 1,
     .executions = 8'022,
     .executions_with_symmetry = 4'011},
    {.name = "stale_observer",
     .race =
         "A thread's look at the slab is older than several installs and frees when it returns.",
     .program = "a f | a a a f f f",
     .slab = {.recheck_all = false},
     .over_growth = 1,
     .executions = 216,
     .executions_with_symmetry = 216},
    {.name = "failing_backing_during_a_race",
     .race = "The backing refuses one thread while the other frees the slot that it could take.",
     .program = "! a f | a f",
     .executions = 10,
     .executions_with_symmetry = 10},
    {.name = "failing_backing_looks_at_old_segments",
     .race =
         "A refused thread must look at all segments, also where growth looks at new ones only.",
     .program = "! a f | a f",
     .slab = {.recheck_all = false},
     .executions = 10,
     .executions_with_symmetry = 10},
    {.name = "failing_directory_during_a_race",
     .race = "The directory cannot widen for one thread while another relies on its own share.",
     .program = "a ! a f F | a a F",
     .executions = 252,
     .executions_with_symmetry = 252},
    {.name = "every_backing_fails",
     .race = "No thread obtains a segment, and nothing is lost.",
     .program = "! a ! a f | ! a f",
     .executions = 15,
     .executions_with_symmetry = 15},
    {.name = "batch_against_single",
     .race = "A batch takes what is there, grows for the rest, and meets a single allocation.",
     .program = "a3 F | a f",
     .slab = {.capacity = 2},
     .executions = 31,
     .executions_with_symmetry = 31},
    {.name = "batch_larger_than_a_segment",
     .race = "A batch adds several segments while another thread fills them.",
     .program = "a3 F | a a F",
     .executions = 252,
     .executions_with_symmetry = 252},
    {.name = "batches_race",
     .race = "Two batches each hold a part while they wait for more.",
     .program = "a2 F | a2 F",
     .slab = {.recheck_all = false},
     .over_growth = 2,
     .executions = 70,
     .executions_with_symmetry = 35},
    {.name = "initial_segments_race",
     .race = "Growth begins from segments that were there before.",
     .program = "a a f f | a f",
     .slab = {.initial_segments = 2},
     .executions = 20,
     .executions_with_symmetry = 20},
    {.name = "bad_pointers_during_growth",
     .race = "Foreign and misaligned pointers come back while the route table changes.",
     .program = "a x m f | a a f f",
     .executions = 461,
     .executions_with_symmetry = 461},
    {.name = "second_free_beside_readers",
     .race =
         "A block is freed again while the other thread reads counters and sizes. (Once another "
         "thread may have been handed the slot anew, a second free is that thread's free.)",
     .program = "a f d a f | u n s x",
     .slab = {.slot_states = true},
     .executions = 84,
     .executions_with_symmetry = 84},
    {.name = "second_free_after_another_free",
     .race = "A block is freed again when it is no longer the newest of its freelist, as the other "
             "thread has freed one meanwhile, and while a third is live: its mark alone tells.",
     .program = "a3 g>1 f d | t f",
     .slab = {.capacity = 3, .slot_states = true},
     .executions = 6,
     .executions_with_symmetry = 6},
    {.name = "readers_during_growth",
     .race = "Counters and sizes are read while segments come.",
     .program = "u n c s | a u a n F",
     .executions = 120,
     .executions_with_symmetry = 120},
    {.name = "trim_against_growth",
     .race = "A segment is claimed for trimming while another thread looks for a slot.",
     .program = "a f r | a a f f",
     .executions = 423,
     .executions_with_symmetry = 423},
    {.name = "two_trims",
     .race = "Two threads claim idle segments at once while a third allocates.",
     .program = "a f r | r a f | a f",
     .executions = 22'452,
     .executions_with_symmetry = 22'452},
});

constexpr auto kDeepSuite = std::to_array<Scenario>({
    {.name = "four_growers",
     .race = "Four threads see a full slab at once.",
     .program = "a f | a f | a f | a f",
     .slab = {.recheck_all = false},
     .over_growth = 2,
     .executions = 304'680,
     .executions_with_symmetry = 12'695},
    {.name = "four_growers_exact",
     .race = "As four_growers, with growth that must be exact.",
     .program = "a f | a f | a f | a f",
     .executions = 309'288,
     .executions_with_symmetry = 12'887},
    {.name = "three_growers_twice",
     .race = "Three threads grow again from what the first round left.",
     .program = "a f a f | a f a f | a f a f",
     .slab = {.recheck_all = false},
     .over_growth = 1,
     .executions = 1'151'496,
     .executions_with_symmetry = 191'916},
    {.name = "five_growers",
     .race = "Five threads see a full slab at once.",
     .program = "a f | a f | a f | a f | a f",
     .slab = {.recheck_all = false},
     .over_growth = 2,
     .executions = 121'860'840,
     .executions_with_symmetry = 1'015'507},
});

}  // namespace

std::span<const Scenario> default_suite() {
  return kDefaultSuite;
}
std::span<const Scenario> deep_suite() {
  return kDeepSuite;
}

const Scenario* find_scenario(std::string_view name) {
  for (const std::span<const Scenario> suite : {default_suite(), deep_suite()}) {
    const auto found = std::ranges::find(suite, name, &Scenario::name);
    if (found != suite.end()) return &*found;
  }
  return nullptr;
}

}  // namespace slabproof::model
