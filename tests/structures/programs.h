#ifndef SLABPROOF_TESTS_STRUCTURES_PROGRAMS_H_
#define SLABPROOF_TESTS_STRUCTURES_PROGRAMS_H_

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "model/search/execution.h"
#include "tests/structures/barrier.h"
#include "tests/structures/cds_mpmc_queue.h"
#include "tests/structures/chase_lev_deque.h"
#include "tests/structures/client_execution.h"
#include "tests/structures/counted_stack.h"
#include "tests/structures/dekker_lock.h"
#include "tests/structures/deleting_stack.h"
#include "tests/structures/double_checked.h"
#include "tests/structures/event_count.h"
#include "tests/structures/exclusion_client.h"
#include "tests/structures/hazard_pointer.h"
#include "tests/structures/linux_rwlock.h"
#include "tests/structures/mcs_lock.h"
#include "tests/structures/michael_scott_queue.h"
#include "tests/structures/peterson_lock.h"
#include "tests/structures/reference_count.h"
#include "tests/structures/seqlock.h"
#include "tests/structures/spsc_ring.h"
#include "tests/structures/tagged_freelist.h"
#include "tests/structures/ticket_lock.h"
#include "tests/structures/transfer_client.h"
#include "tests/structures/treiber_stack.h"
#include "tests/structures/ttas_lock.h"
#include "tests/structures/two_lock_queue.h"
#include "tests/structures/vocabulary.h"
#include "tests/structures/vyukov_mpmc_queue.h"
#include "tests/structures/vyukov_mpsc_queue.h"

namespace slabproof::structures {

/// A structure, right or with an error, and threads that use it. `table.h` says what is true of it.
struct Program {
  std::string_view name;
  std::function<std::unique_ptr<model::Execution>()> make;
};

template <class Client>
Program program(std::string_view name, typename Client::Config config) {
  return {name, [config = std::move(config)]() -> std::unique_ptr<model::Execution> {
            return std::make_unique<ClientExecution<Client>>(config);
          }};
}

template <class Sync>
void add_locks(std::vector<Program>& to) {
  using Ticket = ExclusionClient<TicketLock<Sync>>;
  to.push_back(program<Ticket>("TicketLock.Two", {}));
  to.push_back(program<Ticket>("TicketLock.Three", {.threads = 3}));
  to.push_back(program<Ticket>("TicketLock.Four", {.threads = 4}));
  to.push_back(program<Ticket>("TicketLock.ThreeTwice", {.threads = 3, .rounds = 2}));
  to.push_back(program<Ticket>("TicketLock.TwoWithoutPause", {.orders = {.pauses = false}}));
  to.push_back(program<Ticket>("TicketLock.WaitRelaxed", {.orders = {.wait = relaxed}}));
  to.push_back(program<Ticket>("TicketLock.ServeRelaxed", {.orders = {.serve = relaxed}}));

  using Ttas = ExclusionClient<TtasLock<Sync>>;
  to.push_back(program<Ttas>("TtasLock.Two", {}));
  to.push_back(program<Ttas>("TtasLock.Three", {.threads = 3}));
  to.push_back(program<Ttas>("TtasLock.TakeRelaxed", {.orders = {.take = relaxed}}));
  to.push_back(program<Ttas>("TtasLock.GiveRelaxed", {.orders = {.give = relaxed}}));
  to.push_back(program<Ttas>("TtasLock.TestThenSet", {.orders = {.is_one_step = false}}));

  using Mcs = ExclusionClient<McsLock<Sync>>;
  to.push_back(program<Mcs>("McsLock.Two", {}));
  to.push_back(program<Mcs>("McsLock.TwoTwice", {.rounds = 2}));
  to.push_back(program<Mcs>("McsLock.Three", {.threads = 3}));
  to.push_back(program<Mcs>("McsLock.JoinWithoutRelease", {.orders = {.join = acquire}}));
  to.push_back(program<Mcs>("McsLock.JoinWithoutAcquire", {.orders = {.join = release}}));
  to.push_back(program<Mcs>("McsLock.LinkRelaxed", {.orders = {.link = relaxed}}));
  to.push_back(program<Mcs>("McsLock.LookAtLinkRelaxed", {.orders = {.look_at_link = relaxed}}));
  to.push_back(program<Mcs>("McsLock.WaitRelaxed", {.orders = {.wait = relaxed}}));
  to.push_back(program<Mcs>("McsLock.HandOverRelaxed", {.orders = {.hand_over = relaxed}}));
  to.push_back(program<Mcs>("McsLock.LeaveRelaxed", {.orders = {.leave = relaxed}}));

  using Dekker = ExclusionClient<DekkerLock<Sync>>;
  to.push_back(program<Dekker>("DekkerLock.Once", {}));
  to.push_back(program<Dekker>("DekkerLock.Twice", {.rounds = 2}));
  to.push_back(program<Dekker>("DekkerLock.AnnounceAcqRel", {.orders = {.announce = acq_rel}}));
  to.push_back(program<Dekker>("DekkerLock.EnterWithoutFence", {.orders = {.enter = relaxed}}));
  to.push_back(program<Dekker>("DekkerLock.LeaveWithoutFence", {.orders = {.leave = relaxed}}));

  to.push_back(program<Dekker>("DekkerLock.TurnAfterFence",
                               {.rounds = 2, .orders = {.publishes_turn = false}}));

  using Peterson = ExclusionClient<PetersonLock<Sync>>;
  constexpr PetersonLockOrders kByExchange{
      .before_turn = relaxed, .after_turn = relaxed, .exchange = acq_rel};
  to.push_back(program<Peterson>("PetersonLock.Once", {}));
  to.push_back(program<Peterson>("PetersonLock.Twice", {.rounds = 2}));
  to.push_back(program<Peterson>("PetersonLock.ByExchange", {.orders = kByExchange}));
  to.push_back(
      program<Peterson>("PetersonLock.ByExchangeTwice", {.rounds = 2, .orders = kByExchange}));
  to.push_back(
      program<Peterson>("PetersonLock.FirstFenceAcqRel", {.orders = {.before_turn = acq_rel}}));
  to.push_back(
      program<Peterson>("PetersonLock.SecondFenceAcqRel", {.orders = {.after_turn = acq_rel}}));
  to.push_back(program<Peterson>("PetersonLock.LookRelaxed", {.orders = {.look = relaxed}}));
  to.push_back(program<Peterson>("PetersonLock.LeaveRelaxed", {.orders = {.leave = relaxed}}));

  using Rwlock = RwlockClient<LinuxRwlock<Sync>>;
  to.push_back(program<Rwlock>("LinuxRwlock.ReadWrite", {.threads = 2, .script = "RW"}));
  to.push_back(program<Rwlock>("LinuxRwlock.ReadReadWrite", {.threads = 3, .script = "RRW"}));
  to.push_back(program<Rwlock>("LinuxRwlock.BothTwice", {.threads = 2, .script = "BB"}));
  to.push_back(program<Rwlock>("LinuxRwlock.TakeRelaxed",
                               {.threads = 2, .script = "RW", .orders = {.take = relaxed}}));
  to.push_back(program<Rwlock>("LinuxRwlock.GiveRelaxed",
                               {.threads = 2, .script = "RW", .orders = {.give = relaxed}}));

  using Barriers = BarrierClient<Barrier<Sync>>;
  to.push_back(program<Barriers>("Barrier.Two", {}));
  to.push_back(program<Barriers>("Barrier.TwoTwice", {.rounds = 2}));
  to.push_back(program<Barriers>("Barrier.LookRelaxed", {.orders = {.look = relaxed}}));
  to.push_back(program<Barriers>("Barrier.ArriveRelaxed", {.orders = {.arrive = relaxed}}));
  to.push_back(program<Barriers>("Barrier.OpensBeforeReset",
                                 {.rounds = 2, .orders = {.resets_first = false}}));
}

template <class Sync>
void add_queues(std::vector<Program>& to) {
  using Cds = TransferClient<CdsMpmcQueue<Sync>>;
  to.push_back(
      program<Cds>("CdsMpmcQueue.PutTake", {.threads = 2, .scripts = {"+", "*"}, .has_one = true}));
  to.push_back(program<Cds>("CdsMpmcQueue.PutPutTake",
                            {.threads = 3, .scripts = {"+", "+", "*"}, .has_one = true}));
  to.push_back(program<Cds>("CdsMpmcQueue.WaitRelaxed",
                            {.threads = 2, .scripts = {"+", "*"}, .orders = {.wait = relaxed}}));
  to.push_back(program<Cds>("CdsMpmcQueue.DoneRelaxed",
                            {.threads = 2, .scripts = {"+", "*"}, .orders = {.done = relaxed}}));

  using Ms = TransferClient<MichaelScottQueue<Sync>>;
  to.push_back(program<Ms>("MichaelScottQueue.PutTake", {.threads = 2, .scripts = {"+", "-"}}));
  to.push_back(program<Ms>("MichaelScottQueue.BothTwice", {.threads = 2, .scripts = {"+-", "+-"}}));
  to.push_back(
      program<Ms>("MichaelScottQueue.LookAtTailRelaxed",
                  {.threads = 2, .scripts = {"+", "-"}, .orders = {.look_at_tail = relaxed}}));
  to.push_back(
      program<Ms>("MichaelScottQueue.LookAtLinkRelaxed",
                  {.threads = 2, .scripts = {"+", "-"}, .orders = {.look_at_link = relaxed}}));
  to.push_back(program<Ms>("MichaelScottQueue.LinkRelaxed",
                           {.threads = 2, .scripts = {"+", "-"}, .orders = {.link = relaxed}}));

  using Mpmc = TransferClient<VyukovMpmcQueue<Sync>>;
  to.push_back(program<Mpmc>("VyukovMpmcQueue.PutTake", {.threads = 2, .scripts = {"+", "-"}}));
  to.push_back(
      program<Mpmc>("VyukovMpmcQueue.PutPutTake", {.threads = 3, .scripts = {"+", "+", "--"}}));
  to.push_back(program<Mpmc>("VyukovMpmcQueue.ThreePutsInTwoCells",
                             {.threads = 2, .scripts = {"+++", "--"}}));
  to.push_back(program<Mpmc>("VyukovMpmcQueue.LookRelaxed",
                             {.threads = 2, .scripts = {"+", "-"}, .orders = {.look = relaxed}}));
  to.push_back(program<Mpmc>("VyukovMpmcQueue.PassRelaxed",
                             {.threads = 2, .scripts = {"+", "-"}, .orders = {.pass = relaxed}}));

  using Mpsc = TransferClient<VyukovMpscQueue<Sync>>;
  to.push_back(program<Mpsc>("VyukovMpscQueue.PutPut", {.threads = 2, .scripts = {"+", "+"}}));
  to.push_back(
      program<Mpsc>("VyukovMpscQueue.PutPutTake", {.threads = 3, .scripts = {"+", "+", "ww"}}));
  to.push_back(program<Mpsc>("VyukovMpscQueue.TwiceTwiceTry",
                             {.threads = 3, .scripts = {"++", "+", "---"}}));
  to.push_back(program<Mpsc>("VyukovMpscQueue.OneTakeTooMany",
                             {.threads = 3, .scripts = {"+", "+", "www"}}));
  to.push_back(program<Mpsc>("VyukovMpscQueue.JoinRelaxed",
                             {.threads = 2, .scripts = {"+", "+"}, .orders = {.join = relaxed}}));
  to.push_back(program<Mpsc>("VyukovMpscQueue.LinkRelaxed",
                             {.threads = 2, .scripts = {"+", "w"}, .orders = {.link = relaxed}}));
  to.push_back(program<Mpsc>("VyukovMpscQueue.LookRelaxed",
                             {.threads = 2, .scripts = {"+", "w"}, .orders = {.look = relaxed}}));

  using TwoLock = TransferClient<TwoLockQueue<Sync>>;
  to.push_back(program<TwoLock>("TwoLockQueue.PutTake", {.threads = 2, .scripts = {"+", "-"}}));
  to.push_back(
      program<TwoLock>("TwoLockQueue.PutTakeBoth", {.threads = 3, .scripts = {"+", "-", "+-"}}));
  to.push_back(
      program<TwoLock>("TwoLockQueue.LinkRelaxed",
                       {.threads = 2, .scripts = {"+", "-"}, .orders = {.link = relaxed}}));
  to.push_back(
      program<TwoLock>("TwoLockQueue.LookRelaxed",
                       {.threads = 2, .scripts = {"+", "-"}, .orders = {.look = relaxed}}));
  to.push_back(
      program<TwoLock>("TwoLockQueue.TakeWithoutLock",
                       {.threads = 2, .scripts = {"+-", "-"}, .orders = {.locks_both = false}}));

  using Ring = TransferClient<SpscRing<Sync>>;
  to.push_back(program<Ring>("SpscRing.ThreePutsInTwoCells",
                             {.threads = 2, .scripts = {"+++", "---"}, .drains = false}));
  to.push_back(program<Ring>(
      "SpscRing.PublishRelaxed",
      {.threads = 2, .scripts = {"+", "-"}, .orders = {.publish = relaxed}, .drains = false}));
  to.push_back(program<Ring>(
      "SpscRing.LookRelaxed",
      {.threads = 2, .scripts = {"+", "-"}, .orders = {.look = relaxed}, .drains = false}));
  to.push_back(program<Ring>(
      "SpscRing.FreeRelaxed",
      {.threads = 2, .scripts = {"+++", "-"}, .orders = {.free = relaxed}, .drains = false}));
  to.push_back(program<Ring>(
      "SpscRing.ReuseRelaxed",
      {.threads = 2, .scripts = {"+++", "-"}, .orders = {.reuse = relaxed}, .drains = false}));
}

template <class Sync>
void add_stacks(std::vector<Program>& to) {
  using Treiber = TransferClient<TreiberStack<Sync>>;
  to.push_back(
      program<Treiber>("TreiberStack.PutPutTake", {.threads = 3, .scripts = {"+", "+", "-"}}));
  to.push_back(program<Treiber>("TreiberStack.BothTwice", {.threads = 2, .scripts = {"+-", "+-"}}));
  to.push_back(
      program<Treiber>("TreiberStack.PublishRelaxed",
                       {.threads = 2, .scripts = {"+", "-"}, .orders = {.publish = relaxed}}));
  to.push_back(
      program<Treiber>("TreiberStack.LookRelaxed",
                       {.threads = 2, .scripts = {"+", "-"}, .orders = {.look = relaxed}}));

  using Deleting = TransferClient<DeletingStack<Sync>>;
  to.push_back(
      program<Deleting>("DeletingStack.OneTakes", {.threads = 3, .scripts = {"+", "+", "--"}}));
  to.push_back(
      program<Deleting>("DeletingStack.TwoTake", {.threads = 3, .scripts = {"+", "-", "-"}}));
  to.push_back(
      program<Deleting>("DeletingStack.PublishRelaxed",
                        {.threads = 2, .scripts = {"+", "-"}, .orders = {.publish = relaxed}}));

  using Counted = TransferClient<CountedStack<Sync>>;
  to.push_back(
      program<Counted>("CountedStack.BothTake", {.threads = 2, .scripts = {"++-", "--+"}}));
  to.push_back(program<Counted>(
      "CountedStack.CountsUntilLinkIsRead",
      {.threads = 2, .scripts = {"++-", "--+"}, .orders = {.counts_until_taken = false}}));

  using Freelist = FreelistClient<TaggedFreelist<Sync>>;
  using Tag = TaggedFreelistOrders::Tag;
  constexpr std::array<std::string_view, 3> kAba = {"-", "--+"};
  to.push_back(program<Freelist>("TaggedFreelist.Counts", {.scripts = kAba}));
  to.push_back(program<Freelist>("TaggedFreelist.CountsAndBacksOff",
                                 {.scripts = kAba, .orders = {.backs_off = true}}));
  to.push_back(
      program<Freelist>("TaggedFreelist.NoTag", {.scripts = kAba, .orders = {.tag = Tag::kNone}}));
  to.push_back(program<Freelist>("TaggedFreelist.TagOfTake",
                                 {.scripts = kAba, .orders = {.tag = Tag::kOfTake}}));
  to.push_back(
      program<Freelist>("TaggedFreelist.TagOfTakeAndBacksOff",
                        {.scripts = kAba, .orders = {.tag = Tag::kOfTake, .backs_off = true}}));
  constexpr std::array<std::string_view, 3> kThree = {"-+", "-+", "--+-"};
  to.push_back(
      program<Freelist>("TaggedFreelist.TagOfFirstTry",
                        {.threads = 3, .scripts = kThree, .orders = {.tag = Tag::kOfFirstTry}}));
  to.push_back(program<Freelist>(
      "TaggedFreelist.TagOfFirstTryAndBacksOff",
      {.threads = 3, .scripts = kThree, .orders = {.tag = Tag::kOfFirstTry, .backs_off = true}}));
  to.push_back(program<Freelist>("TaggedFreelist.GiveRelaxed",
                                 {.scripts = {"-+", "-"}, .orders = {.give = relaxed}}));
  to.push_back(program<Freelist>("TaggedFreelist.LookRelaxed",
                                 {.scripts = {"-+", "-"}, .orders = {.look = relaxed}}));

  using ChaseLev = TransferClient<ChaseLevDeque<Sync>>;
  const auto deque = [&to](std::string_view name, std::array<std::string_view, 3> scripts,
                           ChaseLevDequeOrders orders = {}) {
    const std::size_t threads = scripts[2].empty() ? 2 : 3;
    to.push_back(
        program<ChaseLev>(name, {.threads = threads, .scripts = scripts, .orders = orders}));
  };
  deque("ChaseLevDeque.PutTwiceTakeTwiceSteal", {"++--", "S"});
  deque("ChaseLevDeque.TwoSteals", {"++--", "SS"});
  deque("ChaseLevDeque.TwoThieves", {"++--", "S", "S"});
  deque("ChaseLevDeque.Grows", {"+++-", "S"});
  to.push_back(program<TransferClient<ChaseLevDeque<Sync, 10>>>(
      "ChaseLevDeque.FivePuts", {.threads = 2, .scripts = {"+++++---++", "S"}}));
  deque("ChaseLevDeque.PutFenceRelaxed", {"++--", "S"}, {.put_fence = relaxed});
  deque("ChaseLevDeque.TakeFenceAcqRel", {"++--", "SS"}, {.take_fence = acq_rel});
  deque("ChaseLevDeque.StealFenceAcqRel", {"++--", "SS"}, {.steal_fence = acq_rel});
  deque("ChaseLevDeque.GrowRelaxed", {"+++-", "S"}, {.grow = relaxed});
  deque("ChaseLevDeque.LookAtArrayRelaxed", {"+++-", "S"}, {.look_at_array = relaxed});
}

template <class Sync>
void add_others(std::vector<Program>& to) {
  using Seq = SeqlockClient<Seqlock<Sync>>;
  to.push_back(program<Seq>("Seqlock.OneWrite", {}));
  to.push_back(program<Seq>("Seqlock.TwoWrites", {.writes = 2}));
  to.push_back(program<Seq>("Seqlock.WriteFenceMissing", {.orders = {.write_fence = relaxed}}));
  to.push_back(program<Seq>("Seqlock.EndWriteRelaxed", {.orders = {.end_write = relaxed}}));
  to.push_back(program<Seq>("Seqlock.BeginReadRelaxed", {.orders = {.begin_read = relaxed}}));
  to.push_back(program<Seq>("Seqlock.ReadFenceMissing", {.orders = {.read_fence = relaxed}}));

  using Hazard = HazardPointerClient<HazardPointer<Sync>>;
  to.push_back(program<Hazard>("HazardPointer.OneReader", {}));
  to.push_back(program<Hazard>("HazardPointer.TwoReaders", {.threads = 3}));
  to.push_back(program<Hazard>("HazardPointer.ReadsTwice", {.reads = 2}));
  to.push_back(
      program<Hazard>("HazardPointer.NameRelaxed", {.reads = 2, .orders = {.name = relaxed}}));
  to.push_back(
      program<Hazard>("HazardPointer.ReaderFenceAcqRel", {.orders = {.reader_fence = acq_rel}}));
  to.push_back(program<Hazard>("HazardPointer.ReplaceAcqRel", {.orders = {.replace = acq_rel}}));
  to.push_back(program<Hazard>("HazardPointer.ScanAcquire", {.orders = {.scan = acquire}}));
  to.push_back(program<Hazard>("HazardPointer.ClearRelaxed", {.orders = {.clear = relaxed}}));
  to.push_back(
      program<Hazard>("HazardPointer.DoesNotLookAgain", {.orders = {.looks_again = false}}));

  using Count = ReferenceCountClient<ReferenceCount<Sync>>;
  to.push_back(program<Count>("ReferenceCount.Two", {}));
  to.push_back(program<Count>("ReferenceCount.Three", {.threads = 3}));
  to.push_back(program<Count>("ReferenceCount.AcquireMissing", {.orders = {.last = relaxed}}));
  to.push_back(program<Count>("ReferenceCount.DropRelaxed", {.orders = {.drop = relaxed}}));

  using Once = DoubleCheckedClient<DoubleChecked<Sync>>;
  to.push_back(program<Once>("DoubleChecked.Two", {}));
  to.push_back(program<Once>("DoubleChecked.Three", {.threads = 3}));
  to.push_back(program<Once>("DoubleChecked.PublishRelaxed", {.orders = {.publish = relaxed}}));
  to.push_back(program<Once>("DoubleChecked.LookRelaxed", {.orders = {.look = relaxed}}));

  using Events = EventCountClient<EventCount<Sync>>;
  to.push_back(program<Events>("EventCount.OneWaits", {}));
  to.push_back(program<Events>("EventCount.TwoWait", {.threads = 3}));
  to.push_back(
      program<Events>("EventCount.NotifyFenceMissing", {.orders = {.notify_fence = relaxed}}));
  to.push_back(
      program<Events>("EventCount.PrepareFenceMissing", {.orders = {.prepare_fence = relaxed}}));
  to.push_back(program<Events>("EventCount.DoesNotLookAgain", {.orders = {.looks_again = false}}));
}

/// All of them, under one engine's sync policy.
template <class Sync>
std::vector<Program> programs() {
  std::vector<Program> result;
  add_locks<Sync>(result);
  add_queues<Sync>(result);
  add_stacks<Sync>(result);
  add_others<Sync>(result);
  return result;
}

}  // namespace slabproof::structures

#endif  // SLABPROOF_TESTS_STRUCTURES_PROGRAMS_H_
