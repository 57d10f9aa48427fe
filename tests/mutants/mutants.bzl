"""The mutants: deliberately wrong slabs, each the shipped headers with one error, made at build time by impl_mutant.

Every engine can be linked with each of them; :engine_table says which engine finds which. A mutant with a `canary` is
also a test of every run: the model checker must reject it, with the smallest program and the fewest preemptions.
"""

def _mutant(name, header, edits, why, breaks, steps = None, canary = None, shown_by = None):
    """One mutant.

    Args:
      name: of the library; a C++ identifier.
      header: file name of the header that is changed.
      edits: list of (find, replace); see impl_mutant.
      why: what is wrong, in a sentence.
      breaks: the id of the property that the error breaks.
      steps: "rejected" where some critical section does what the proved system (proofs/coq) does not, so that the step
        checker must reject it; "accepted" where the error lies in what that system leaves out (locking, termination, the
        directory), so that it must not; None where another assertion may stop an execution before its
        wrong step, or where the default suite, on which the step checker is tried, does not show the error.
      canary: see _canary.
      shown_by: "chunk", "object", "page" or "sharing" where no engine's programs can show the error, since their slabs have
        chunks of one segment, blocks and no objects, no pages inside segments, or growers that race: SHOWN_BY_mutant_test.cc
        does.
    """
    return struct(
        name = name,
        header = header,
        edits = edits,
        why = why,
        breaks = breaks,
        steps = steps,
        canary = canary,
        shown_by = shown_by,
    )

def _canary(
        program,
        properties,
        minimal,
        preemptions,
        capacity = 1,
        recheck = "all",
        slab = "shared",
        batch = 1,
        larger = None):
    """What the model checker must say.

    Args:
      program: the program that shows the error, for `check --program`.
      properties: the ids of which the checker must name one.
      minimal: the program that is left when no operation can be taken away without losing the violation.
      preemptions: the fewest with which `minimal` fails.
      capacity: of a segment.
      recheck: "all" or "new".
      slab: which family of slabs: see `check --help`.
      batch: blocks that move together, of the families that have that.
      larger: a program from which the checker has more to take away.
    """
    return struct(
        program = program,
        properties = properties,
        minimal = minimal,
        preemptions = preemptions,
        capacity = capacity,
        recheck = recheck,
        slab = slab,
        batch = batch,
        larger = larger,
    )

MUTANTS = [
    _mutant(
        name = "free_without_lock",
        header = "extendable_slab.h",
        edits = [
            (
                "const LockGuard guard(mutex_); Shared& shared = shared_.write(); refused = shared.put(",
                "Shared& shared = shared_.write(); refused = shared.put(",
            ),
        ],
        why = "lost lock: two threads change a freelist at once",
        breaks = "S8",
        steps = "accepted",
        canary = _canary(
            program = "a f | a f",
            properties = ["S8"],
            minimal = "a | a f",
            preemptions = 0,
            larger = "a a f f | a3 F f | a f u",
        ),
    ),
    _mutant(
        name = "phase_3_without_lock",
        header = "extendable_slab.h",
        edits = [
            (
                "const LockGuard guard(mutex_); if (shared_.read().must_await_trims(",
                "if (shared_.read().must_await_trims(",
            ),
        ],
        why = "lost lock: two growers install segments at once",
        breaks = "S8",
        steps = "rejected",
    ),
    _mutant(
        name = "recheck_starts_one_late",
        header = "extendable_slab.h",
        edits = [
            ("look_at_all ? 0 : growth.observed", "look_at_all ? 0 : growth.observed + 1"),
        ],
        why = "wrong bound: the first segment installed meanwhile is not looked at",
        breaks = "S7",
        steps = "rejected",
        canary = _canary(
            program = "a f | a f",
            properties = ["S6", "S7", "S12"],
            minimal = "a | a",
            preemptions = 1,
            capacity = 2,
            recheck = "new",
        ),
    ),
    _mutant(
        name = "recheck_misses_first_segment",
        header = "extendable_slab.h",
        edits = [
            ("look_at_all ? 0 : growth.observed", "look_at_all ? 1 : growth.observed"),
        ],
        why = "wrong bound: a slot freed in the lowest segment is not taken",
        breaks = "S6",
        steps = "rejected",
    ),
    _mutant(
        name = "refused_looks_at_new_only",
        header = "extendable_slab.h",
        edits = [
            (
                "const bool look_at_all = recheck == Recheck::kAllSegments || supplies.refusal.has_value();",
                "static_cast<void>(supplies); const bool look_at_all = recheck == Recheck::kAllSegments;",
            ),
        ],
        why = "a refused allocation fails although a slot is free",
        breaks = "L3",
        steps = "rejected",
        canary = _canary(
            program = "! a f | a f",
            properties = ["L3", "S12"],
            minimal = "! a | a f",
            preemptions = 2,
            recheck = "new",
        ),
    ),
    _mutant(
        name = "refused_does_not_wait",
        header = "segment_set.h",
        edits = [
            ("if (growths_.empty() && parked_ == 0) return false;", "if (growths_.newest_number() != 0) return false;"),
        ],
        why = "a refused allocation fails although another one is about to install a segment",
        breaks = "L3",
        steps = "accepted",
        canary = _canary(
            program = "! a f | a f",
            properties = ["L3"],
            minimal = "! a | a",
            preemptions = 1,
        ),
    ),
    _mutant(
        name = "refused_waits_for_one_growth_too_few",
        header = "growth_list.h",
        edits = [
            ("oldest_->number <= number;", "oldest_->number < number;"),
        ],
        why = "a refused allocation fails although the newest growth that it saw is in flight",
        breaks = "L3",
    ),
    _mutant(
        name = "backing_called_under_lock",
        header = "extendable_slab.h",
        edits = [
            (
                "Supplies supplies = obtain(call.growth);",
                "Supplies supplies; { const LockGuard guard(mutex_); supplies = obtain(call.growth); }",
            ),
        ],
        why = "a slow system call stops every other thread",
        breaks = "S5",
    ),
    _mutant(
        name = "unused_segment_leaked",
        header = "segment_set.h",
        edits = [
            (
                "if (supplies.has_spare()) reserve_.keep(*supplies.segment.release());",
                "if (supplies.has_spare()) { reserve_.keep(*supplies.segment.release()); } static_cast<void>(supplies.segment.release()); static_cast<void>(supplies.chunk.release());",
            ),
        ],
        why = "a segment that turned out not to be needed is never released",
        breaks = "S11",
        steps = "rejected",
        canary = _canary(
            program = "a f | a f",
            properties = ["S11"],
            minimal = "a | a",
            preemptions = 1,
            capacity = 2,
        ),
    ),
    _mutant(
        name = "growers_not_counted_down",
        header = "segment_set.h",
        edits = [
            ("--counters_.growers;", ""),
        ],
        why = "each growth asks for a wider directory than the last",
        breaks = "L2",
    ),
    _mutant(
        name = "wider_directory_dropped",
        header = "segment_set.h",
        edits = [
            (
                "if (supplies.extent != nullptr && supplies.extent->last() > directory_.room()) {",
                "if (supplies.extent != nullptr && supplies.extent->last() > directory_.room() && directory_.size() == directory_.room()) {",
            ),
        ],
        why = "a grower that counted on another's directory finds no room",
        breaks = "S8",
    ),
    _mutant(
        name = "open_bit_not_cleared",
        header = "segment_set.h",
        edits = [
            ("if (!run.has_more_room(record.run)) directory_.open().erase(record.index);", ""),
        ],
        why = "a batch looks at a full segment for ever",
        breaks = "L1",
        steps = "rejected",
        canary = _canary(
            program = "a2 F | a2 F",
            properties = ["L1"],
            minimal = "a2",
            preemptions = 0,
        ),
    ),
    _mutant(
        name = "open_bit_not_set_on_free",
        header = "segment_set.h",
        edits = [
            (
                "if (!was_open) directory_.open().insert(record.index); };",
                "static_cast<void>(was_open); };",
            ),
        ],
        why = "a freed slot of a full segment is not found again",
        breaks = "S6",
        steps = "rejected",
    ),
    _mutant(
        name = "open_bit_of_wrong_segment",
        header = "segment_set.h",
        edits = [
            (
                "directory_.open().insert(directory_.size()); directory_.install(installed);",
                "directory_.install(installed); directory_.open().insert(directory_.size());",
            ),
        ],
        why = "published out of order: the open set names a segment that is not there",
        breaks = "S8",
        steps = "rejected",
    ),
    _mutant(
        name = "trim_takes_live_segment",
        header = "page_release.h",
        edits = [
            ("return run.live == 0 && run.abandoned == 0;", "return run.abandoned == 0;"),
        ],
        why = "blocks in use are laid out afresh and handed out again",
        breaks = "S1",
        steps = "rejected",
    ),
    _mutant(
        name = "trim_claims_although_a_call_waits",
        header = "segment_set.h",
        edits = [
            ("if (is_awaited()) return false;", ""),
        ],
        why = "trims one after the other keep a call from the slots that are free",
        breaks = "L2",
    ),
    _mutant(
        name = "miss_beside_a_trim_grows",
        header = "segment_set.h",
        edits = [
            (
                "if (trims_ != 0) return begin_wait(growth, Grower::State::kWaiting);",
                "",
            ),
        ],
        why = "a call asks the backing for a segment although a trim holds free slots",
        breaks = "L2",
    ),
    _mutant(
        name = "stale_route",
        header = "segment_directory.h",
        edits = [
            ("split_bucket(index); entry", "entry"),
        ],
        why = "the route to a segment is lost when the table grows",
        breaks = "S12",
        steps = "rejected",
    ),
    _mutant(
        name = "carve_one_too_many",
        header = "slot_freelist.h",
        edits = [
            (
                "state.head != 0 || state.next < state.end",
                "state.head != 0 || state.next <= state.end",
            ),
        ],
        why = "off by one: a block beyond the last slot",
        breaks = "S2",
        steps = "rejected",
    ),
    _mutant(
        name = "stride_ignores_object",
        header = "slot_freelist.h",
        edits = [
            (
                "(std::max)({sizeof(T), sizeof(LinkVar), std::size_t{8}})",
                "(std::max)({sizeof(LinkVar), std::size_t{8}})",
            ),
        ],
        why = "stride too small: neighbouring blocks overlap",
        breaks = "S2",
    ),
    _mutant(
        name = "head_set_before_link",
        header = "slot_freelist.h",
        edits = [
            (
                "std::construct_at(link_at(slot), Link{state.head, protection_.seal(state.head, slot)}); state.head = slot + 1;",
                "state.head = slot + 1; std::construct_at(link_at(slot), Link{state.head, protection_.seal(state.head, slot)});",
            ),
        ],
        why = "push before write: a freed slot links to itself",
        breaks = "S4",
    ),
    _mutant(
        name = "head_not_advanced",
        header = "slot_freelist.h",
        edits = [
            ("state.head = link.next; return {.data", "return {.data"),
        ],
        why = "one block handed out twice",
        breaks = "S1",
        steps = "rejected",
    ),
    _mutant(
        name = "free_count_off",
        header = "slot_freelist.h",
        edits = [
            ("state.head = slot + 1; --state.live;", "state.head = slot + 1;"),
        ],
        why = "slots are lost from the sum",
        breaks = "S4",
    ),
    _mutant(
        name = "mac_not_checked",
        header = "slot_freelist.h",
        edits = [
            ("if (!protection_.verify(link.next, slot, link.tag)) return false;", ""),
        ],
        why = "a forged link is followed",
        breaks = "S9",
    ),
    _mutant(
        name = "double_free_accepted",
        header = "slot_freelist.h",
        edits = [
            (
                "if constexpr (Protection::tracks_slots) return is_marked(slot); return true;",
                "return true;",
            ),
        ],
        why = "a second free puts a slot on the freelist twice",
        breaks = "S10",
    ),
    _mutant(
        name = "misaligned_accepted",
        header = "slot_freelist.h",
        edits = [
            (
                "if (offset % stride != 0) return std::nullopt;",
                "",
            ),
        ],
        why = "a pointer into a block frees the block",
        breaks = "S10",
    ),
    _mutant(
        name = "slot_handed_to_two_threads",
        header = "slot_freelist.h",
        edits = [
            (
                "const std::uint32_t slot = state.next++;",
                "const std::uint32_t slot = state.next++ / 2;",
            ),
        ],
        why = "the carve index moves only every second time, so two threads get one slot",
        breaks = "S1",
        steps = "rejected",
        canary = _canary(
            program = "a | a",
            properties = ["S1", "S8"],
            minimal = "a | a",
            preemptions = 0,
            capacity = 2,
        ),
    ),
    _mutant(
        name = "use_after_free",
        header = "segment_set.h",
        edits = [
            ("if (supplies.chunk != nullptr) reserve_.adopt(std::move(supplies.chunk));", ""),
        ],
        why = "the thread that installs a segment still owns its region, and releases it after the lock is dropped",
        breaks = "S3",
        steps = "rejected",
        canary = _canary(
            program = "a f | a f",
            properties = ["S3", "S8"],
            minimal = "a",
            preemptions = 0,
        ),
    ),
    _mutant(
        name = "deadlock_of_two_mutexes",
        header = "extendable_slab.h",
        edits = [
            (
                "const LockGuard guard(mutex_); Shared& shared = shared_.write(); data = shared.take_one(plan_); if (data == nullptr) [[unlikely]] shared",
                "const LockGuard outer(second_mutex_); const LockGuard guard(mutex_); Shared& shared = shared_.write(); data = shared.take_one(plan_); if (data == nullptr) [[unlikely]] shared",
            ),
            (
                "const LockGuard guard(mutex_); Shared& shared = shared_.write(); refused = shared.put(",
                "const LockGuard guard(mutex_); const LockGuard inner(second_mutex_); Shared& shared = shared_.write(); refused = shared.put(",
            ),
            (
                "mutable typename Sync::Mutex mutex_;",
                "mutable typename Sync::Mutex mutex_; typename Sync::Mutex second_mutex_;",
            ),
        ],
        why = "allocate and deallocate take two mutexes in opposite orders",
        breaks = "L1",
        steps = "accepted",
        canary = _canary(
            program = "a f | a f",
            properties = ["L1"],
            minimal = "a | a f",
            preemptions = 1,
        ),
    ),
    _mutant(
        name = "segment_built_under_the_lock",
        header = "extendable_slab.h",
        edits = [
            (
                "[[unlikely]] shared.miss(plan_, growth, growth.make_one()); } if",
                "[[unlikely]] { shared.miss(plan_, growth, growth.make_one()); static_cast<void>(obtain(growth)); } } if",
            ),
        ],
        why = "phase 2 runs before the lock of phase 1 is dropped",
        breaks = "S5",
        steps = "accepted",
        canary = _canary(
            program = "a f",
            properties = ["S5"],
            minimal = "a",
            preemptions = 0,
        ),
    ),
    _mutant(
        name = "wider_directory_left_out",
        header = "segment_set.h",
        edits = [
            (
                "if (supplies.extent != nullptr && supplies.extent->last() > directory_.room()) {",
                "if (supplies.extent != nullptr && directory_.size() >= directory_.room()) {",
            ),
        ],
        why = "a thread that has room without its wider directory does not install it",
        breaks = "S8",
        steps = "accepted",
        canary = _canary(
            program = "a | a | a",
            properties = ["S8", "S12", "L2"],
            minimal = "a | a | a",
            preemptions = 1,
        ),
    ),
    _mutant(
        name = "zeroing_left_out",
        header = "object_factory.h",
        edits = [
            ("if (block) std::memset(block->data, 0, block->size);", ""),
        ],
        why = "allocate_zeroed hands out what the last owner left behind",
        breaks = "S12",
        canary = _canary(
            program = "a f z | z f",
            properties = ["S12"],
            minimal = "z",
            preemptions = 0,
        ),
    ),
    _mutant(
        name = "half_zeroed",
        header = "object_factory.h",
        edits = [
            ("block->size);", "block->size / 2);"),
        ],
        why = "allocate_zeroed writes to the first half of the block only",
        breaks = "S12",
        canary = _canary(
            program = "a f z | z f",
            properties = ["S12"],
            minimal = "z",
            preemptions = 0,
        ),
    ),
    _mutant(
        name = "full_magazine_stays_on_the_shelf",
        header = "magazine_depot.h",
        edits = [
            ("Stock* const full = shared.full_shelf[--shared.full];", "Stock* const full = shared.full_shelf[shared.full - 1];"),
        ],
        why = "a full magazine is given to two caches",
        breaks = "S1",
        canary = _canary(
            program = "a3 F a | a3 F a",
            properties = ["S1"],
            minimal = "a2 | a3 F",
            preemptions = 0,
            capacity = 8,
            slab = "cached",
        ),
    ),
    _mutant(
        name = "depot_exchange_without_lock",
        header = "magazine_depot.h",
        edits = [
            (
                "const LockGuard guard(mutex_); Shared& shared = shared_.write(); if (shared.full == 0) return nullptr;",
                "Shared& shared = shared_.write(); if (shared.full == 0) return nullptr;",
            ),
        ],
        why = "lost lock: two caches take magazines from the depot at once",
        breaks = "S8",
    ),
    _mutant(
        name = "refill_keeps_the_block",
        header = "thread_cache.h",
        edits = [
            ("i = *served; i > 1; --i", "i = *served; i > 0; --i"),
        ],
        why = "a refill puts the block that it hands out into the magazine as well",
        breaks = "S1",
    ),
    _mutant(
        name = "hit_looks_at_the_depot",
        header = "thread_cache.h",
        edits = [
            (
                "if (state.top != state.begin) [[likely]]",
                "if (state.top != state.begin && slab_.depot().cached() + 1 != 0) [[likely]]",
            ),
        ],
        why = "a hit takes the depot's lock",
        breaks = "C6",
    ),
    _mutant(
        name = "close_drops_the_list",
        header = "remote_list.h",
        edits = [
            ("return head == closed_mark() ? nullptr : head;", "return head != nullptr ? nullptr : head;"),
        ],
        why = "what remotes pushed before the close is lost",
        breaks = "R2",
        canary = _canary(
            program = "a g>1 a g>1 | t f t f",
            properties = ["R2"],
            minimal = "a g>1 | t f",
            preemptions = 1,
            capacity = 2,
            slab = "owner",
        ),
    ),
    _mutant(
        name = "push_does_not_release",
        header = "remote_list.h",
        edits = [
            (
                "chain.first(), std::memory_order::release, std::memory_order::relaxed)",
                "chain.first(), std::memory_order::relaxed, std::memory_order::relaxed)",
            ),
        ],
        why = "weaker order: the owner reclaims blocks whose links it may not see yet",
        breaks = "S8",
    ),
    _mutant(
        name = "reclaim_skips_the_first",
        header = "slab_owner.h",
        edits = [
            ("if (!slab.deallocate(block)) break;", "if (block != first && !slab.deallocate(block)) break;"),
            (
                "Slab& slab = region_->slab(); std::size_t accepted = 0;",
                "Slab& slab = region_->slab(); std::byte* const first = block; std::size_t accepted = 0;",
            ),
        ],
        why = "the newest block of what remotes pushed is not reclaimed",
        breaks = "R2",
    ),
    _mutant(
        name = "place_given_out_twice",
        header = "segment_chunk.h",
        edits = [
            ("record_.write().taken++;", "record_.write().taken++ & ~std::size_t{1};"),
        ],
        why = "two segments of a chunk are at one place",
        breaks = "S1",
        shown_by = "chunk",
    ),
    _mutant(
        name = "place_not_given_back",
        header = "segment_set.h",
        edits = [
            (
                "reserve_.keep(*supplies.segment.release());",
                "static_cast<void>(reserve_), static_cast<void>(supplies.segment.release());",
            ),
        ],
        why = "a segment that lost the race for installation is neither kept nor ended",
        breaks = "S11",
        shown_by = "chunk",
    ),
    _mutant(
        name = "page_of_a_live_block_goes",
        header = "page_map.h",
        edits = [
            ("return entry(table, page).read() == all.end - all.begin;", "return entry(table, page).read() + 1 >= all.end - all.begin;"),
        ],
        why = "a trim gives back a page on which one block is live",
        breaks = "S1",
        shown_by = "page",
    ),
    _mutant(
        name = "frees_beside_a_trim_lost",
        header = "slot_freelist.h",
        edits = [
            (
                "if (state.head != 0) { static_cast<void>(end_link(list.tail - 1)); begin_link(list.tail - 1, state.head); }",
                "",
            ),
        ],
        why = "what was freed while a trim held the other free slots of the segment is not found again",
        breaks = "S4",
        shown_by = "page",
    ),
    _mutant(
        name = "freed_before_destroyed",
        header = "object_factory.h",
        edits = [
            (
                "std::destroy_at(object); self().end_destroy(object);",
                "self().end_destroy(object); std::destroy_at(object);",
            ),
        ],
        why = "destroy gives the block back before the destructor has ended",
        breaks = "S13",
        shown_by = "object",
    ),
    _mutant(
        name = "waits_where_no_room_is_left",
        header = "growth_demand.h",
        edits = [
            ("return total_ + more <= room;", "return total_ <= room && more <= room;"),
        ],
        why = "a call waits for a segment of which others take every slot",
        breaks = "L7",
        shown_by = "sharing",
    ),
    _mutant(
        name = "demand_not_taken_back",
        header = "growth_demand.h",
        edits = [
            ("total_ -= taken; part.lacked", "part.lacked"),
        ],
        why = "calls that were served count as if they still waited",
        breaks = "L7",
        shown_by = "sharing",
    ),
    _mutant(
        name = "awaited_segment_left_out",
        header = "extendable_slab.h",
        edits = [
            (
                "const bool is_needed = !shared.serve_waiting(plan_, for_others) || !call.is_done;",
                "shared.serve_waiting(plan_, for_others); const bool is_needed = !call.is_done;",
            ),
        ],
        why = "a grower that finds a slot gives the segment back on which others count",
        breaks = "L7",
        shown_by = "sharing",
    ),
]
