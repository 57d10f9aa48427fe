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
  /// Of a search that is exhaustive. 0 for a loop without `await`: whether its first round counts
  /// depends on the compiler.
  std::uint64_t executions = 0;
};

struct Row {
  std::string_view program;
  Truth truth;
  /// Under the reduction on Relacy.
  Seen relacy;
  /// Under the search of execution graphs, with the axioms of C++20 and with those of RC11.
  Seen graphs;
  /// Complete executions of GenMC 0.9 (Kokologiannakis and Vafeiadis, CAV 2021) on the same
  /// program, where it is one of its tests; else 0.
  std::uint64_t genmc = 0;
};

using enum Truth;
using enum Seen::What;

/// One row for each of `programs.h`, in their order.
///
/// Where Relacy errs, the row says so: a wrong program that holds needs a modification order other
/// than the order of running; a right one that does not has a fence against sequentially consistent
/// accesses; what is refused stores relaxed after a release, which ends a release sequence in C++20
/// and not in Relacy.
///
/// A try that comes to nothing is written with `await` where GenMC takes it for a wait: such tries
/// are no executions. GenMC lets no weak compare-exchange fail without cause. Its test of the MCS
/// lock is `McsLock.LinkRelaxed`; that a thread waits there for ever is not asked of it.
inline constexpr Row kTable[] = {
    {"TicketLock.Two", kRight, {kHolds, 6}, {kHolds, 2}, 2},
    {"TicketLock.Three", kRight, {kHolds, 90}, {kHolds, 6}, 6},
    {"TicketLock.Four", kRight, {kHolds, 2'520}, {kHolds, 24}, 24},
    {"TicketLock.ThreeTwice", kRight, {kNotFinished}, {kHolds, 90}},
    {"TicketLock.TwoWithoutPause", kRight, {kHolds}, {kHolds}},
    {"TicketLock.WaitRelaxed", kWrong, {kRace}, {kRace}},
    {"TicketLock.ServeRelaxed", kWrong, {kRace}, {kRace}},

    {"TtasLock.Two", kRight, {kHolds, 14}, {kHolds, 4}, 4},
    {"TtasLock.Three", kRight, {kHolds, 1'182}, {kHolds, 36}, 36},
    {"TtasLock.TakeRelaxed", kWrong, {kRace}, {kRace}},
    {"TtasLock.GiveRelaxed", kWrong, {kRace}, {kRace}},
    {"TtasLock.TestThenSet", kWrong, {kRace}, {kRace}},

    {"McsLock.Two", kRight, {kHolds, 38}, {kHolds, 6}, 6},
    {"McsLock.TwoTwice", kRight, {kNotFinished}, {kHolds, 78}},
    {"McsLock.Three", kRight, {kHolds, 3'786}, {kHolds, 66}, 66},
    {"McsLock.JoinWithoutRelease", kWrong, {kHolds, 38}, {kWaits}},
    {"McsLock.JoinWithoutAcquire", kWrong, {kRace}, {kRace}},
    {"McsLock.LinkRelaxed", kWrong, {kHolds, 38}, {kWaits}},
    {"McsLock.LookAtLinkRelaxed", kWrong, {kHolds, 38}, {kWaits}},
    {"McsLock.WaitRelaxed", kWrong, {kRace}, {kRace}},
    {"McsLock.HandOverRelaxed", kWrong, {kRace}, {kRace}},
    {"McsLock.LeaveRelaxed", kWrong, {kRace}, {kRace}},

    {"DekkerLock.Once", kRight, {kHolds, 110}, {kHolds, 4}},
    {"DekkerLock.Twice", kRight, {kNotFinished}, {kHolds, 99}},
    {"DekkerLock.AnnounceAcqRel", kWrong, {kRace}, {kRace}},
    {"DekkerLock.EnterWithoutFence", kWrong, {kRace}, {kRace}},
    {"DekkerLock.LeaveWithoutFence", kWrong, {kRace}, {kRace}},
    {"DekkerLock.TurnAfterFence", kWrong, {kNotFinished}, {kWaits}},

    {"PetersonLock.Once", kRight, {kHolds, 78}, {kHolds, 4}},
    {"PetersonLock.Twice", kRight, {kRefused}, {kHolds, 48}},
    {"PetersonLock.ByExchange", kRight, {kHolds, 30}, {kHolds, 4}},
    {"PetersonLock.ByExchangeTwice", kRight, {kRefused}, {kHolds, 48}},
    {"PetersonLock.FirstFenceAcqRel", kWrong, {kRace}, {kRace}},
    {"PetersonLock.SecondFenceAcqRel", kWrong, {kRace}, {kRace}},
    {"PetersonLock.LookRelaxed", kWrong, {kRace}, {kRace}},
    {"PetersonLock.LeaveRelaxed", kWrong, {kRace}, {kRace}},

    {"LinuxRwlock.ReadWrite", kRight, {kHolds, 10}, {kHolds, 2}, 2},
    {"LinuxRwlock.ReadReadWrite", kRight, {kHolds, 6'862}, {kHolds, 14}, 14},
    {"LinuxRwlock.BothTwice", kRight, {kHolds, 1'366}, {kHolds, 14}, 14},
    {"LinuxRwlock.TakeRelaxed", kWrong, {kRace}, {kRace}},
    {"LinuxRwlock.GiveRelaxed", kWrong, {kRace}, {kRace}},

    {"Barrier.Two", kRight, {kHolds, 4}, {kHolds, 2}, 2},
    {"Barrier.TwoTwice", kRight, {kHolds, 16}, {kHolds, 4}},
    {"Barrier.LookRelaxed", kWrong, {kRace}, {kRace}},
    {"Barrier.ArriveRelaxed", kWrong, {kRace}, {kRace}},
    {"Barrier.OpensBeforeReset", kWrong, {kWaits}, {kWaits}},

    {"CdsMpmcQueue.PutTake", kRight, {kHolds, 292}, {kHolds, 3}},
    {"CdsMpmcQueue.PutPutTake", kRight, {kNotFinished}, {kHolds, 22}},
    {"CdsMpmcQueue.WaitRelaxed", kWrong, {kRace}, {kRace}},
    {"CdsMpmcQueue.DoneRelaxed", kWrong, {kRace}, {kRace}},

    {"MichaelScottQueue.PutTake", kRight, {kHolds, 8}, {kHolds, 3}, 4},
    {"MichaelScottQueue.BothTwice", kRight, {kHolds, 1'832}, {kHolds, 26}, 50},
    {"MichaelScottQueue.LookAtTailRelaxed", kWrong, {kComplaint}, {kComplaint}},
    {"MichaelScottQueue.LookAtLinkRelaxed", kWrong, {kRace}, {kRace}},
    {"MichaelScottQueue.LinkRelaxed", kWrong, {kRace}, {kRace}},

    {"VyukovMpmcQueue.PutTake", kRight, {kHolds, 12}, {kHolds, 6}},
    {"VyukovMpmcQueue.PutPutTake", kRight, {kHolds, 1'980}, {kHolds, 340}},
    {"VyukovMpmcQueue.ThreePutsInTwoCells", kRight, {kHolds, 188}, {kHolds, 52}},
    {"VyukovMpmcQueue.LookRelaxed", kWrong, {kRace}, {kRace}},
    {"VyukovMpmcQueue.PassRelaxed", kWrong, {kRace}, {kRace}},

    {"VyukovMpscQueue.PutPut", kRight, {kHolds, 2}, {kHolds, 2}},
    {"VyukovMpscQueue.PutPutTake", kRight, {kHolds, 18}, {kHolds, 2}},
    {"VyukovMpscQueue.TwiceTwiceTry", kRight, {kHolds, 63}, {kHolds, 24}},
    {"VyukovMpscQueue.OneTakeTooMany", kWrong, {kWaits}, {kWaits}},
    {"VyukovMpscQueue.JoinRelaxed", kWrong, {kHolds, 2}, {kComplaint}},
    {"VyukovMpscQueue.LinkRelaxed", kWrong, {kRace}, {kRace}},
    {"VyukovMpscQueue.LookRelaxed", kWrong, {kRace}, {kRace}},

    {"TwoLockQueue.PutTake", kRight, {kHolds, 3}, {kHolds, 2}},
    {"TwoLockQueue.PutTakeBoth", kRight, {kHolds, 12}, {kHolds, 8}},
    {"TwoLockQueue.LinkRelaxed", kWrong, {kRace}, {kRace}},
    {"TwoLockQueue.LookRelaxed", kWrong, {kRace}, {kRace}},
    {"TwoLockQueue.TakeWithoutLock", kWrong, {kRace}, {kRace}},

    {"SpscRing.ThreePutsInTwoCells", kRight, {kHolds, 260}, {kHolds, 47}},
    {"SpscRing.PublishRelaxed", kWrong, {kRace}, {kRace}},
    {"SpscRing.LookRelaxed", kWrong, {kRace}, {kRace}},
    {"SpscRing.FreeRelaxed", kWrong, {kRace}, {kRace}},
    {"SpscRing.ReuseRelaxed", kWrong, {kRace}, {kRace}},

    {"TreiberStack.PutPutTake", kRight, {kHolds, 72}, {kHolds, 18}, 18},
    {"TreiberStack.BothTwice", kRight, {kHolds, 182}, {kHolds, 18}},
    {"TreiberStack.PublishRelaxed", kWrong, {kRace}, {kRace}},
    {"TreiberStack.LookRelaxed", kWrong, {kRace}, {kRace}},

    {"DeletingStack.OneTakes", kRight, {kHolds, 214}, {kHolds, 50}},
    {"DeletingStack.TwoTake", kWrong, {kUseAfterFree}, {kUseAfterFree}},
    {"DeletingStack.PublishRelaxed", kWrong, {kRace}, {kRace}},

    {"CountedStack.BothTake", kRight, {kHolds, 5'300}, {kHolds, 1'633}},
    {"CountedStack.CountsUntilLinkIsRead", kWrong, {kNotFinished}, {kUseAfterFree}},

    {"TaggedFreelist.Counts", kRight, {kHolds, 88}, {kHolds, 28}},
    {"TaggedFreelist.CountsAndBacksOff", kRight, {kHolds, 88}, {kHolds, 28}},
    {"TaggedFreelist.NoTag", kWrong, {kComplaint}, {kComplaint}},
    {"TaggedFreelist.TagOfTake", kWrong, {kComplaint}, {kComplaint}},
    {"TaggedFreelist.TagOfTakeAndBacksOff", kWrong, {kComplaint}, {kComplaint}},
    {"TaggedFreelist.TagOfFirstTry", kWrong, {kNotFinished}, {kComplaint}},
    {"TaggedFreelist.TagOfFirstTryAndBacksOff", kWrong, {kNotFinished}, {kComplaint}},
    {"TaggedFreelist.GiveRelaxed", kWrong, {kRace}, {kRace}},
    {"TaggedFreelist.LookRelaxed", kWrong, {kRace}, {kRace}},

    {"ChaseLevDeque.PutTwiceTakeTwiceSteal", kRight, {kHolds, 71}, {kHolds, 18}},
    {"ChaseLevDeque.TwoSteals", kRight, {kHolds, 883}, {kHolds, 90}},
    {"ChaseLevDeque.TwoThieves", kRight, {kHolds, 9'616}, {kHolds, 348}},
    {"ChaseLevDeque.Grows", kRight, {kHolds, 60}, {kHolds, 16}},
    {"ChaseLevDeque.FivePuts", kRight, {kHolds, 557}, {kHolds, 59}, 59},
    {"ChaseLevDeque.PutFenceRelaxed", kWrong, {kComplaint}, {kComplaint}},
    {"ChaseLevDeque.TakeFenceAcqRel", kWrong, {kComplaint}, {kComplaint}},
    {"ChaseLevDeque.StealFenceAcqRel", kWrong, {kComplaint}, {kComplaint}},
    {"ChaseLevDeque.GrowRelaxed", kWrong, {kComplaint}, {kComplaint}},
    {"ChaseLevDeque.LookAtArrayRelaxed", kWrong, {kComplaint}, {kComplaint}},

    {"Seqlock.OneWrite", kRight, {kHolds, 66}, {kHolds, 2}},
    {"Seqlock.TwoWrites", kRight, {kRefused}, {kHolds, 3}},
    {"Seqlock.WriteFenceMissing", kWrong, {kComplaint}, {kComplaint}},
    {"Seqlock.EndWriteRelaxed", kWrong, {kComplaint}, {kComplaint}},
    {"Seqlock.BeginReadRelaxed", kWrong, {kComplaint}, {kComplaint}},
    {"Seqlock.ReadFenceMissing", kWrong, {kComplaint}, {kComplaint}},

    {"HazardPointer.OneReader", kRight, {kRace}, {kHolds, 9}},
    {"HazardPointer.TwoReaders", kRight, {kUseAfterFree}, {kHolds, 69}},
    {"HazardPointer.ReadsTwice", kRight, {kRace}, {kHolds, 22}},
    {"HazardPointer.NameRelaxed", kWrong, {kRefused}, {kRace}},
    {"HazardPointer.ReaderFenceAcqRel", kWrong, {kRace}, {kUseAfterFree}},
    {"HazardPointer.ReplaceAcqRel", kWrong, {kRace}, {kUseAfterFree}},
    {"HazardPointer.ScanAcquire", kWrong, {kRace}, {kUseAfterFree}},
    {"HazardPointer.ClearRelaxed", kWrong, {kRefused}, {kRace}},
    {"HazardPointer.DoesNotLookAgain", kWrong, {kRace}, {kUseAfterFree}},

    {"ReferenceCount.Two", kRight, {kHolds, 2}, {kHolds, 2}},
    {"ReferenceCount.Three", kRight, {kHolds, 6}, {kHolds, 6}},
    {"ReferenceCount.AcquireMissing", kWrong, {kRace}, {kRace}},
    {"ReferenceCount.DropRelaxed", kWrong, {kRace}, {kRace}},

    {"DoubleChecked.Two", kRight, {kHolds, 6}, {kHolds, 4}},
    {"DoubleChecked.Three", kRight, {kHolds, 39}, {kHolds, 15}},
    {"DoubleChecked.PublishRelaxed", kWrong, {kRace}, {kRace}},
    {"DoubleChecked.LookRelaxed", kWrong, {kRace}, {kRace}},

    {"EventCount.OneWaits", kRight, {kHolds, 38}, {kHolds, 6}},
    {"EventCount.TwoWait", kRight, {kHolds, 7'207}, {kHolds, 115}},
    {"EventCount.NotifyFenceMissing", kWrong, {kWaits}, {kWaits}},
    {"EventCount.PrepareFenceMissing", kWrong, {kWaits}, {kWaits}},
    {"EventCount.DoesNotLookAgain", kWrong, {kWaits}, {kWaits}},
};

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_TABLE_H_
