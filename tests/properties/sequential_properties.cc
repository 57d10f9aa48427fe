// Long random sequences of every public operation of a slab, against a sequential model.
//
// | property | where it is judged |
// |---|---|
// | S1 | each block held is filled with a pattern of its own, which is compared when it is freed |
// | S2 | alignment, distance to the first slot of the segment, segments apart, size, usable_size |
// | S3 | every block lies where the model's slot lay when it was first seen; nothing is released |
// | S4 | all counters against the model after each operation; every slot can be had at the end |
// | S5 | the backing asserts that the calling thread holds no lock |
// | S6, S7 | segments = max(initial, ceil(peak live / capacity)) after each operation: with one
//            thread both scopes are exact |
// | S9 | `tamper` and `forge_and_allocate` overwrite links; the model says what is abandoned |
// | S10 | `free_foreign`, `free_misaligned`, `free_again`, `free_uncarved`: refused and counted |
// | S11 | requests refused at random, constructors that throw, construction that is cut short |
// | S12 | results and the very slots handed out, against the model |
// | L2 | lock acquisitions and requests of each operation |
//
// The model and the judge are in slab_model.h and sequential_run.h.

#include <rapidcheck.h>
#include <rapidcheck/state.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <vector>

#include "tests/properties/property_runner.h"
#include "tests/properties/sequential_run.h"
#include "tests/properties/slab_model.h"
#include "tests/properties/subjects.h"

namespace slabproof::properties {
namespace {

/// A run that keeps its messages, for the report.
struct RecordedRun {
  RecordedRun(const SlabKind& subject, const Setup& setup) : run(subject, setup) {}
  SequentialRun run;
  std::vector<Operation> done;
  Complaint complaint;
};

class SlabCommand : public rc::state::Command<SlabModel, RecordedRun> {
 public:
  explicit SlabCommand(Operation operation) : operation_(operation) {}

  void checkPreconditions(const SlabModel& model) const override {
    RC_PRE(model.allows(operation_));
  }
  void apply(SlabModel& model) const override { model.apply(operation_); }
  void run(const SlabModel& before, RecordedRun& recorded) const override {
    recorded.done.push_back(operation_);
    recorded.complaint = recorded.run.step(before, operation_);
    if (recorded.complaint) RC_FAIL(*recorded.complaint);
  }
  void show(std::ostream& stream) const override { stream << to_text(operation_); }

 private:
  Operation operation_;
};

using CommandPointer = std::shared_ptr<const rc::state::Command<SlabModel, RecordedRun>>;

/// One above the largest argument that is worth a try.
std::uint32_t argument_limit(Operation::Kind kind, const SlabModel& model) {
  using Kind = Operation::Kind;
  const auto held = static_cast<std::uint32_t>(model.held().size());
  switch (kind) {
    case Kind::kAllocateBatch:
      return model.capacity() * 2 + 2;
    case Kind::kAllocateLayout:
      return 1 << 16;
    case Kind::kAllocateUnfit:
      return 3;
    case Kind::kFree:
    case Kind::kDestroy:
    case Kind::kQuery:
      return std::max(held, 1U);
    case Kind::kFreeBatch:
      return held * 2 + 2;
    case Kind::kFreeForeign:
      return 4;
    case Kind::kFreeMisaligned:
      return std::max(held * 3, 1U);
    case Kind::kFreeAgain:
    case Kind::kFreeUncarved:
    case Kind::kTamper:
      return 1 << 10;
    default:
      return 1;
  }
}

rc::Gen<CommandPointer> any_command(const SlabModel& model) {
  // As many copies as the weight says, since rapidcheck's weighted choice wants a literal list.
  static const std::vector<Operation::Kind> kinds = [] {
    std::vector<Operation::Kind> copies;
    for (std::size_t i = 0; i < kOperations.size(); ++i) {
      copies.insert(copies.end(), kOperations[i].weight, static_cast<Operation::Kind>(i));
    }
    return copies;
  }();
  // The generator outlives the model, so it takes the limits along.
  std::array<std::uint32_t, kOperations.size()> limits;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    limits[i] = argument_limit(static_cast<Operation::Kind>(i), model);
  }
  return rc::gen::mapcat(rc::gen::elementOf(kinds), [limits](Operation::Kind kind) {
    const std::uint32_t limit = limits[static_cast<std::size_t>(kind)];
    return rc::gen::map(rc::gen::inRange<std::uint32_t>(0, limit),
                        [kind](std::uint32_t argument) -> CommandPointer {
                          return std::make_shared<const SlabCommand>(Operation{kind, argument});
                        });
  });
}

/// The largest capacity, up to 4096, that a subject's backing and a test's memory can bear.
std::uint32_t largest_capacity(const SlabKind& kind) {
  std::size_t bytes = 4 << 20;
  if (kind.max_region_bytes != 0) bytes = kind.max_region_bytes / 2;
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(bytes / kind.traits.stride, 1, 4096));
}

/// Small capacities as often as large ones: most races and corners need a full segment.
rc::Gen<std::uint32_t> capacities(const SlabKind& kind) {
  const std::uint32_t largest = largest_capacity(kind);
  const auto upto = [largest](std::uint32_t limit) {
    return rc::gen::resize(100, rc::gen::inRange<std::uint32_t>(1, std::min(limit, largest) + 1));
  };
  return rc::gen::oneOf(upto(4), upto(70), upto(4096));
}

void judge_sequence(const SlabKind& subject, std::uint64_t seed, LastFailure& failure) {
  Setup setup;
  setup.subject = subject.name;
  setup.capacity = *capacities(subject);
  if (subject.traits.grows) {
    setup.initial = *rc::gen::inRange<std::uint32_t>(0, 4);
    setup.granted_initial = *rc::gen::inRange<std::uint32_t>(0, setup.initial + 1);
  }
  const SlabModel initial(subject.traits, setup);
  RecordedRun recorded(subject, setup);
  const auto fail = [&](const std::string& complaint) {
    failure = SavedCase{.engine = SavedCase::Engine::kSequential,
                        .setup = setup,
                        .operations = recorded.done,
                        .program = {},
                        .seed = seed,
                        .found = complaint};
  };
  if (const Complaint complaint = recorded.run.judge_construction(initial)) {
    fail(*complaint);
    RC_FAIL(*complaint);
  }
  const auto commands = *rc::state::gen::commands(initial, &any_command);
  try {
    rc::state::runAll(commands, initial, recorded);
  } catch (...) {
    if (recorded.complaint) fail(*recorded.complaint);
    throw;
  }
  SlabModel last = initial;
  rc::state::applyAll(commands, last);
  if (const Complaint complaint = recorded.run.finish(last)) {
    fail("at the end: " + *complaint);
    RC_FAIL(*complaint);
  }
}

void check_all(PropertyRunner& runner) {
  for (const SlabKind& subject : subjects()) {
    if (!runner.wants(subject.name)) continue;
    if (subject.traits.family != model::SlabFamily::kShared) continue;
    LastFailure failure;
    runner.check("sequences_on_" + subject.name, {.cases = 25, .max_size = 400}, failure,
                 [&] { judge_sequence(subject, runner.options().seed, failure); });
  }
}

}  // namespace
}  // namespace slabproof::properties

int main(int argc, char** argv) {
  return slabproof::properties::run_properties(
      argc, argv, "Random sequences of operations against a sequential model of the slab.",
      &slabproof::properties::check_all);
}
