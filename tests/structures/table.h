#ifndef SLABPROOF_TESTS_STRUCTURES_TABLE_H_
#define SLABPROOF_TESTS_STRUCTURES_TABLE_H_

#include <cstdint>
#include <string_view>

namespace slabproof::structures {

/// What is so under C++20 without load buffering.
enum class Truth : std::uint8_t {
  kRight,  ///< every execution is good
  kWrong,  ///< some execution is not
};

/// What a search says.
struct Seen {
  enum class What : std::uint8_t {
    kHolds,
    kRace,
    kUseAfterFree,
    kWaits,        ///< a thread waits for ever
    kComplaint,    ///< the client has one
    kRefused,      ///< not modelled
    kNotFinished,  ///< after 30,000 executions; tests try fewer
  };
  What what;
  std::uint64_t executions = 0;  ///< of a search that is exhaustive
};

struct Row {
  std::string_view program;
  Truth truth;
  /// Under the reduction on Relacy. `TicketLock.TwoWithoutPause` is one of a spin loop that the
  /// search cannot know: its executions end when they have made too many accesses.
  Seen relacy;
};

using enum Truth;
using enum Seen::What;

/// One row for each of `programs.h`, in their order.
///
/// Where Relacy errs, the row says so: a wrong program that holds needs a modification order other
/// than the order of running; a right one that does not has a fence against sequentially consistent
/// accesses; what is refused stores relaxed after a release, which ends a release sequence in C++20
/// and not in Relacy.
inline constexpr Row kTable[] = {
    {"TicketLock.Two", kRight, {kHolds, 6}},
    {"TicketLock.Three", kRight, {kHolds, 90}},
    {"TicketLock.Four", kRight, {kHolds, 2'520}},
    {"TicketLock.ThreeTwice", kRight, {kNotFinished}},
    {"TicketLock.TwoWithoutPause", kRight, {kNotFinished}},
    {"TicketLock.WaitRelaxed", kWrong, {kRace}},
    {"TicketLock.ServeRelaxed", kWrong, {kRace}},

    {"TtasLock.Two", kRight, {kHolds, 22}},
    {"TtasLock.Three", kRight, {kHolds, 8'790}},
    {"TtasLock.TakeRelaxed", kWrong, {kRace}},
    {"TtasLock.GiveRelaxed", kWrong, {kRace}},
    {"TtasLock.TestThenSet", kWrong, {kRace}},

    {"McsLock.Two", kRight, {kHolds, 38}},
    {"McsLock.TwoTwice", kRight, {kNotFinished}},
    {"McsLock.Three", kRight, {kHolds, 3'786}},
    {"McsLock.JoinWithoutRelease", kWrong, {kHolds, 38}},
    {"McsLock.JoinWithoutAcquire", kWrong, {kRace}},
    {"McsLock.LinkRelaxed", kWrong, {kHolds, 38}},
    {"McsLock.LookAtLinkRelaxed", kWrong, {kHolds, 38}},
    {"McsLock.WaitRelaxed", kWrong, {kRace}},
    {"McsLock.HandOverRelaxed", kWrong, {kRace}},
    {"McsLock.LeaveRelaxed", kWrong, {kRace}},

    {"DekkerLock.Once", kRight, {kHolds, 110}},
    {"DekkerLock.Twice", kRight, {kNotFinished}},
    {"DekkerLock.AnnounceAcqRel", kWrong, {kRace}},
    {"DekkerLock.EnterWithoutFence", kWrong, {kRace}},
    {"DekkerLock.LeaveWithoutFence", kWrong, {kRace}},
    {"DekkerLock.TurnAfterFence", kWrong, {kNotFinished}},

    {"PetersonLock.Once", kRight, {kHolds, 78}},
    {"PetersonLock.Twice", kRight, {kRefused}},
    {"PetersonLock.ByExchange", kRight, {kHolds, 30}},
    {"PetersonLock.ByExchangeTwice", kRight, {kRefused}},
    {"PetersonLock.FirstFenceAcqRel", kWrong, {kRace}},
    {"PetersonLock.SecondFenceAcqRel", kWrong, {kRace}},
    {"PetersonLock.LookRelaxed", kWrong, {kRace}},
    {"PetersonLock.LeaveRelaxed", kWrong, {kRace}},

    {"LinuxRwlock.ReadWrite", kRight, {kHolds, 10}},
    {"LinuxRwlock.ReadReadWrite", kRight, {kHolds, 6'862}},
    {"LinuxRwlock.BothTwice", kRight, {kHolds, 1'366}},
    {"LinuxRwlock.TakeRelaxed", kWrong, {kRace}},
    {"LinuxRwlock.GiveRelaxed", kWrong, {kRace}},

    {"Barrier.Two", kRight, {kHolds, 4}},
    {"Barrier.TwoTwice", kRight, {kHolds, 16}},
    {"Barrier.LookRelaxed", kWrong, {kRace}},
    {"Barrier.ArriveRelaxed", kWrong, {kRace}},
    {"Barrier.OpensBeforeReset", kWrong, {kWaits}},

    {"CdsMpmcQueue.PutTake", kRight, {kHolds, 338}},
    {"CdsMpmcQueue.PutPutTake", kRight, {kNotFinished}},
    {"CdsMpmcQueue.WaitRelaxed", kWrong, {kRace}},
    {"CdsMpmcQueue.DoneRelaxed", kWrong, {kRace}},

    {"MichaelScottQueue.PutTake", kRight, {kHolds, 8}},
    {"MichaelScottQueue.BothTwice", kRight, {kHolds, 1'832}},
    {"MichaelScottQueue.LookAtTailRelaxed", kWrong, {kComplaint}},
    {"MichaelScottQueue.LookAtLinkRelaxed", kWrong, {kRace}},
    {"MichaelScottQueue.LinkRelaxed", kWrong, {kRace}},

    {"VyukovMpmcQueue.PutTake", kRight, {kHolds, 12}},
    {"VyukovMpmcQueue.PutPutTake", kRight, {kHolds, 1'980}},
    {"VyukovMpmcQueue.ThreePutsInTwoCells", kRight, {kHolds, 188}},
    {"VyukovMpmcQueue.LookRelaxed", kWrong, {kRace}},
    {"VyukovMpmcQueue.PassRelaxed", kWrong, {kRace}},

    {"VyukovMpscQueue.PutPut", kRight, {kHolds, 2}},
    {"VyukovMpscQueue.PutPutTake", kRight, {kHolds, 18}},
    {"VyukovMpscQueue.TwiceTwiceTry", kRight, {kHolds, 63}},
    {"VyukovMpscQueue.OneTakeTooMany", kWrong, {kWaits}},
    {"VyukovMpscQueue.JoinRelaxed", kWrong, {kHolds, 2}},
    {"VyukovMpscQueue.LinkRelaxed", kWrong, {kRace}},
    {"VyukovMpscQueue.LookRelaxed", kWrong, {kRace}},

    {"TwoLockQueue.PutTake", kRight, {kHolds, 3}},
    {"TwoLockQueue.PutTakeBoth", kRight, {kHolds, 12}},
    {"TwoLockQueue.LinkRelaxed", kWrong, {kRace}},
    {"TwoLockQueue.LookRelaxed", kWrong, {kRace}},
    {"TwoLockQueue.TakeWithoutLock", kWrong, {kRace}},

    {"SpscRing.ThreePutsInTwoCells", kRight, {kHolds, 260}},
    {"SpscRing.PublishRelaxed", kWrong, {kRace}},
    {"SpscRing.LookRelaxed", kWrong, {kRace}},
    {"SpscRing.FreeRelaxed", kWrong, {kRace}},
    {"SpscRing.ReuseRelaxed", kWrong, {kRace}},

    {"TreiberStack.PutPutTake", kRight, {kHolds, 72}},
    {"TreiberStack.BothTwice", kRight, {kHolds, 246}},
    {"TreiberStack.PublishRelaxed", kWrong, {kRace}},
    {"TreiberStack.LookRelaxed", kWrong, {kRace}},

    {"DeletingStack.OneTakes", kRight, {kHolds, 214}},
    {"DeletingStack.TwoTake", kWrong, {kUseAfterFree}},
    {"DeletingStack.PublishRelaxed", kWrong, {kRace}},

    {"TaggedFreelist.Counts", kRight, {kHolds, 88}},
    {"TaggedFreelist.CountsAndBacksOff", kRight, {kHolds, 88}},
    {"TaggedFreelist.NoTag", kWrong, {kComplaint}},
    {"TaggedFreelist.StaleTag", kWrong, {kComplaint}},
    {"TaggedFreelist.StaleTagAndBacksOff", kWrong, {kComplaint}},
    {"TaggedFreelist.GiveRelaxed", kWrong, {kRace}},
    {"TaggedFreelist.LookRelaxed", kWrong, {kRace}},

    {"ChaseLevDeque.PutTwiceTakeTwiceSteal", kRight, {kHolds, 71}},
    {"ChaseLevDeque.TwoSteals", kRight, {kHolds, 883}},
    {"ChaseLevDeque.TwoThieves", kRight, {kHolds, 9'616}},
    {"ChaseLevDeque.Grows", kRight, {kHolds, 60}},
    {"ChaseLevDeque.FivePuts", kRight, {kHolds, 557}},
    {"ChaseLevDeque.PutFenceRelaxed", kWrong, {kComplaint}},
    {"ChaseLevDeque.TakeFenceAcqRel", kWrong, {kComplaint}},
    {"ChaseLevDeque.StealFenceAcqRel", kWrong, {kComplaint}},
    {"ChaseLevDeque.GrowRelaxed", kWrong, {kComplaint}},
    {"ChaseLevDeque.LookAtArrayRelaxed", kWrong, {kComplaint}},

    {"Seqlock.OneWrite", kRight, {kHolds, 120}},
    {"Seqlock.TwoWrites", kRight, {kRefused}},
    {"Seqlock.WriteFenceMissing", kWrong, {kComplaint}},
    {"Seqlock.EndWriteRelaxed", kWrong, {kComplaint}},
    {"Seqlock.BeginReadRelaxed", kWrong, {kComplaint}},
    {"Seqlock.ReadFenceMissing", kWrong, {kComplaint}},

    {"HazardPointer.OneReader", kRight, {kRace}},
    {"HazardPointer.TwoReaders", kRight, {kUseAfterFree}},
    {"HazardPointer.ReadsTwice", kRight, {kRace}},
    {"HazardPointer.NameRelaxed", kWrong, {kRefused}},
    {"HazardPointer.ReaderFenceAcqRel", kWrong, {kRace}},
    {"HazardPointer.ReplaceAcqRel", kWrong, {kRace}},
    {"HazardPointer.ScanAcquire", kWrong, {kRace}},
    {"HazardPointer.ClearRelaxed", kWrong, {kRefused}},
    {"HazardPointer.DoesNotLookAgain", kWrong, {kRace}},

    {"ReferenceCount.Two", kRight, {kHolds, 2}},
    {"ReferenceCount.Three", kRight, {kHolds, 6}},
    {"ReferenceCount.AcquireMissing", kWrong, {kRace}},
    {"ReferenceCount.DropRelaxed", kWrong, {kRace}},

    {"DoubleChecked.Two", kRight, {kHolds, 6}},
    {"DoubleChecked.Three", kRight, {kHolds, 39}},
    {"DoubleChecked.PublishRelaxed", kWrong, {kRace}},
    {"DoubleChecked.LookRelaxed", kWrong, {kRace}},

    {"EventCount.OneWaits", kRight, {kHolds, 38}},
    {"EventCount.TwoWait", kRight, {kHolds, 7'207}},
    {"EventCount.NotifyFenceMissing", kWrong, {kWaits}},
    {"EventCount.PrepareFenceMissing", kWrong, {kWaits}},
    {"EventCount.DoesNotLookAgain", kWrong, {kWaits}},
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TABLE_H_
