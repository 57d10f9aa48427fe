"""The canaries: deliberately wrong slabs that the checker must reject.

Each is the shipped source with one error, made at build time (see tools/impl_mutant.bzl), and the
program that shows it. `properties` are the ids of which the checker must name one.
"""

CANARIES = [
    struct(
        name = "lock_skipped",
        why = "deallocate changes the slab without taking the lock",
        header = "extendable_slab.h",
        edits = [(
            "const LockGuard guard(mutex_); Shared& shared = shared_.write(); while (next",
            "Shared& shared = shared_.write(); while (next",
        )],
        program = "a f | a f",
        capacity = 1,
        recheck = "all",
        properties = ["S8"],
    ),
    struct(
        name = "slot_handed_to_two_threads",
        why = "the carve index moves only every second time, so two threads get one slot",
        header = "slot_freelist.h",
        edits = [(
            "const std::uint32_t slot = state.carved++;",
            "const std::uint32_t slot = state.carved++ / 2;",
        )],
        program = "a | a",
        capacity = 2,
        recheck = "all",
        properties = ["S1", "S8"],
    ),
    struct(
        name = "use_after_free",
        why = "the thread that installs a segment still owns it, and releases it after the lock is dropped",
        header = "extendable_slab.h",
        edits = [(
            "SegmentType& fresh = install(shared, std::move(supplies.segment));",
            "SegmentType& fresh = install(shared, own(*supplies.segment));",
        )],
        program = "a f | a f",
        capacity = 1,
        recheck = "all",
        properties = ["S3", "S8"],
    ),
    struct(
        name = "unused_segment_leaked",
        why = "a segment that turned out not to be needed is forgotten instead of released",
        header = "extendable_slab.h",
        edits = [(
            "if (served == blocks.size()) return served; if (supplies.refusal) {",
            "if (served == blocks.size()) return static_cast<void>(supplies.segment.release()), served;\n      if (supplies.refusal) {",
        )],
        program = "a f | a f",
        capacity = 2,
        recheck = "all",
        properties = ["S11"],
    ),
    struct(
        name = "deadlock_of_two_mutexes",
        why = "allocate and deallocate take two mutexes in opposite orders",
        header = "extendable_slab.h",
        edits = [
            (
                "const LockGuard guard(mutex_); Shared& shared = shared_.write(); served = take_lowest",
                "const LockGuard outer(second_mutex_); const LockGuard guard(mutex_); Shared& shared = shared_.write(); served = take_lowest",
            ),
            (
                "const LockGuard guard(mutex_); Shared& shared = shared_.write(); while (next",
                "const LockGuard guard(mutex_); const LockGuard inner(second_mutex_); Shared& shared = shared_.write(); while (next",
            ),
            (
                "mutable typename Sync::Mutex mutex_;",
                "mutable typename Sync::Mutex mutex_; typename Sync::Mutex second_mutex_;",
            ),
        ],
        program = "a f | a f",
        capacity = 1,
        recheck = "all",
        properties = ["L1"],
    ),
    struct(
        name = "open_bit_never_cleared",
        why = "a full segment stays in the set of segments with room",
        header = "extendable_slab.h",
        edits = [(
            "if (!slots.has_room(record.slots)) shared.directory.open().erase(record.index);",
            "",
        )],
        program = "a a f f | a f",
        capacity = 1,
        recheck = "all",
        properties = ["L1"],
    ),
    struct(
        name = "recheck_starts_one_segment_late",
        why = "phase 3 does not look at the first of the segments that were installed meanwhile",
        header = "extendable_slab.h",
        edits = [(
            "look_at_all ? 0 : growth.observed);",
            "look_at_all ? 0 : growth.observed + 1);",
        )],
        program = "a f | a f",
        capacity = 2,
        recheck = "new",
        properties = ["S6", "S7", "S12"],
    ),
    struct(
        name = "segment_built_under_the_lock",
        why = "phase 2 runs before the lock of phase 1 is dropped",
        header = "extendable_slab.h",
        edits = [(
            "growth = begin_growth(shared); } return grow(blocks, served, growth);",
            "growth = begin_growth(shared); static_cast<void>(obtain(growth)); } return grow(blocks, served, growth);",
        )],
        program = "a f",
        capacity = 1,
        recheck = "all",
        properties = ["S5"],
    ),
    struct(
        name = "refused_thread_does_not_look_again",
        why = "after a refusal only new segments are looked at",
        header = "extendable_slab.h",
        edits = [(
            "recheck == Recheck::kAllSegments || supplies.refusal.has_value();",
            "recheck == Recheck::kAllSegments;",
        )],
        program = "! a f | a f",
        capacity = 1,
        recheck = "new",
        properties = ["L3", "S12"],
    ),
    struct(
        name = "wider_directory_left_out",
        why = "a thread that has room without its wider directory does not install it",
        header = "extendable_slab.h",
        edits = [(
            "if (supplies.extent != nullptr && supplies.extent->last() > shared.directory.room()) {",
            "if (supplies.extent != nullptr && shared.directory.size() >= shared.directory.room()) {",
        )],
        program = "a | a | a",
        capacity = 1,
        recheck = "all",
        properties = ["S8", "S12", "L2"],
    ),
]
