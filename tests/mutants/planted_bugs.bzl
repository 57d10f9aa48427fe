"""Deliberate errors in the shipped headers, each of a different kind.

Every entry is (name, header, [(find, replace), ...], what it breaks). The engines are run on each by
:engine_table; see planted_bugs() in this directory's BUILD.
"""

PLANTED_BUGS = [
    (
        "free_without_lock",
        "extendable_slab.h",
        [(
            "const LockGuard guard(mutex_); Shared& shared = shared_.write(); while (next",
            "Shared& shared = shared_.write(); while (next",
        )],
        "lost lock: two threads change a freelist at once (S8)",
    ),
    (
        "phase_3_without_lock",
        "extendable_slab.h",
        [(
            "const LockGuard guard(mutex_); Shared& shared = shared_.write(); end_growth(shared, supplies); const bool",
            "Shared& shared = shared_.write(); end_growth(shared, supplies); const bool",
        )],
        "lost lock: two growers install segments at once (S8)",
    ),
    (
        "recheck_starts_one_late",
        "extendable_slab.h",
        [("look_at_all ? 0 : growth.observed", "look_at_all ? 0 : growth.observed + 1")],
        "wrong bound: the first segment installed meanwhile is not looked at (S7)",
    ),
    (
        "recheck_misses_first_segment",
        "extendable_slab.h",
        [("look_at_all ? 0 : growth.observed", "look_at_all ? 1 : growth.observed")],
        "wrong bound: a slot freed in the lowest segment is not taken (S6)",
    ),
    (
        "refused_looks_at_new_only",
        "extendable_slab.h",
        [("|| supplies.refusal.has_value()", "")],
        "a refused allocation fails although a slot is free (L3)",
    ),
    (
        "backing_called_under_lock",
        "extendable_slab.h",
        [(
            "Supplies supplies = obtain(growth); const LockGuard guard(mutex_); Shared& shared = shared_.write(); end_growth(shared, supplies); const bool",
            "const LockGuard guard(mutex_); Supplies supplies = obtain(growth); Shared& shared = shared_.write(); end_growth(shared, supplies); const bool",
        )],
        "a slow system call stops every other thread (S5)",
    ),
    (
        "unused_segment_leaked",
        "extendable_slab.h",
        [(
            "if (served == blocks.size()) return served; if (supplies.refusal) {",
            "if (served == blocks.size()) { static_cast<void>(supplies.segment.release()); return served; } if (supplies.refusal) {",
        )],
        "a segment that turned out not to be needed is never released (S11)",
    ),
    (
        "growers_not_counted_down",
        "extendable_slab.h",
        [("--shared.counters.growers;", "")],
        "each growth asks for a wider directory than the last (L2)",
    ),
    (
        "wider_directory_dropped",
        "extendable_slab.h",
        [(
            "if (supplies.extent != nullptr && supplies.extent->last() > shared.directory.room()) {",
            "if (supplies.extent != nullptr && supplies.extent->last() > shared.directory.room() && shared.directory.size() == shared.directory.room()) {",
        )],
        "a grower that counted on another's directory finds no room (S8)",
    ),
    (
        "open_bit_not_cleared",
        "extendable_slab.h",
        [(
            "if (!slots.has_room(record.slots)) shared.directory.open().erase(record.index);",
            "",
        )],
        "a full segment is looked at for ever (L1)",
    ),
    (
        "open_bit_not_set_on_free",
        "extendable_slab.h",
        [("shared.directory.open().insert(record.index); return std::nullopt;", "return std::nullopt;")],
        "a freed slot of a full segment is not found again (S6)",
    ),
    (
        "open_bit_of_wrong_segment",
        "extendable_slab.h",
        [(
            "shared.directory.open().insert(shared.directory.size()); shared.directory.install(installed);",
            "shared.directory.install(installed); shared.directory.open().insert(shared.directory.size());",
        )],
        "published out of order: the open set names a segment that is not there (S8)",
    ),
    (
        "trim_takes_live_segment",
        "extendable_slab.h",
        [("if (before.live != 0 || before.carved == 0", "if (before.carved == 0")],
        "blocks in use are laid out afresh and handed out again (S1)",
    ),
    (
        "stale_route",
        "segment_directory.h",
        [("split_bucket(index); entry", "entry")],
        "the route to a segment is lost when the table grows (S12)",
    ),
    (
        "carve_one_too_many",
        "slot_freelist.h",
        [("state.head != 0 || state.carved < capacity_", "state.head != 0 || state.carved <= capacity_")],
        "off by one: a block beyond the last slot (S2)",
    ),
    (
        "stride_ignores_object",
        "slot_freelist.h",
        [("std::max({sizeof(T), sizeof(LinkVar), std::size_t{8}})", "std::max({sizeof(LinkVar), std::size_t{8}})")],
        "stride too small: neighbouring blocks overlap (S2)",
    ),
    (
        "head_set_before_link",
        "slot_freelist.h",
        [(
            "std::construct_at(link_at(slot), Link{state.head, protection_.seal(state.head, slot)}); state.head = slot + 1;",
            "state.head = slot + 1; std::construct_at(link_at(slot), Link{state.head, protection_.seal(state.head, slot)});",
        )],
        "push before write: a freed slot links to itself (S4)",
    ),
    (
        "head_not_advanced",
        "slot_freelist.h",
        [("state.head = link.next; return {slot_at(slot), false};", "return {slot_at(slot), false};")],
        "one block handed out twice (S1)",
    ),
    (
        "free_count_off",
        "slot_freelist.h",
        [("--state.free; mark(slot, true);", "mark(slot, true);")],
        "slots are lost from the sum (S4)",
    ),
    (
        "mac_not_checked",
        "slot_freelist.h",
        [("if (!protection_.verify(link.next, slot, link.tag)) return false;", "")],
        "a forged link is followed (S9)",
    ),
    (
        "double_free_accepted",
        "slot_freelist.h",
        [("if constexpr (Protection::tracks_slots) return is_marked(slot); return true;", "return true;")],
        "a second free puts a slot on the freelist twice (S10)",
    ),
    (
        "misaligned_accepted",
        "slot_freelist.h",
        [("if (offset >= capacity_ * stride || offset % stride != 0) return std::nullopt;", "if (offset >= capacity_ * stride) return std::nullopt;")],
        "a pointer into a block frees the block (S10)",
    ),
]
