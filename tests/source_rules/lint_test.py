"""Rules of the source that no compiler checks: what impl/ may use, and how memory orders are kept.

Each rule is a function of one file's name and text that returns what breaks it, as "line: message";
the rules about labels see all of impl/ at once. Each is shown an example that breaks it.
"""

import re
import unittest

from tests.source_rules import source_tree

_PRIMITIVE = re.compile(
    r"\bstd::(?:atomic\w*|\w*mutex|j?thread|this_thread|condition_variable\w*|\w*semaphore|latch"
    r"|barrier|once_flag|call_once)\b"
)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_SYSTEM_INCLUDE = re.compile(
    r"<(?:[a-z_]+|(?:sys|linux)/\w+\.h|(?:unistd|pthread|sched|fcntl)\.h)>"
)
_VERIFIER = re.compile(
    r"\b(?:relacy|rapidcheck|gtest|googletest|libfuzzer|genmc|coq|iris)\b|LLVMFuzzer", re.IGNORECASE
)
_FRIEND = re.compile(r"\bfriend\s+([^;{(<]*[^;{(<\s])")
_CLASS = re.compile(r"\b(?:class|struct)\s+(\w+)\s*(?:final\s*)?[:{]")
_TEMPLATE_PARAMETER = re.compile(r"[<,]\s*(?:class|typename)\s+(\w+)")
_ATOMIC_CALL = re.compile(
    r"(?:\.|->)(load|store|exchange|fetch_\w+|compare_exchange_(?:weak|strong))\s*\("
)
_ORDER = re.compile(r"\bmemory_order::(\w+)")
_OLD_ORDER = re.compile(r"\bmemory_order_\w+")
_LABEL = re.compile(r"\bORDER\[([^\]\n]*)\]([^:\n]*)")
_ORDER_WORD = re.compile(r"\b(?:relaxed|acquire|release|acq_rel|seq_cst)\b")
_RELEASE = {"release", "acq_rel", "seq_cst"}
_ACQUIRE = {"acquire", "acq_rel", "seq_cst"}
# Ways to share memory other than a mutex of the policy and plain variables under it.
_LOCK_FREE = re.compile(
    r"\bAtomic\s*<|\bmemory_order\w*|\bcompare_exchange_\w+|\w*fence\s*\(|\bvolatile\b"
    r"|\b__(?:atomic|sync)_\w+|\basm\b|\b__asm__\b"
)
# The files that share memory by atomics. For these proofs/relacy_memory_model.md goes through the differences between the
# checker's memory model and that of C++20 one by one; the argument there rests on the operations that are left out here.
_LOCK_FREE_FILES = {"remote_list.h", "owner_region.h", "statistics.h", "watermark.h"}
_UNEXAMINED = re.compile(
    r"\w*fence\s*\(|\bmemory_order::(?:seq_cst|consume)|(?:\.|->)store\s*\(|\bvolatile\b"
    r"|\bload\s*\(\s*std::memory_order::(?!relaxed)\w+|\bcompare_exchange_strong\b|\b__(?:atomic|sync)_\w+|\basm\b|\b__asm__\b"
)
# The policy passes on the order that its caller wrote.
_STD_FILES = {"std_sync.h", "std_blocking_sync.h"}
_POLICY_FILES = _STD_FILES | {"sync_policy.h", "sync_capabilities.h"}
# Written in two parts, or this file would break its own rule.
_UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|NOLI" r"NT\w*)\b")


def matches(pattern, text, message):
    """One problem for each match; `message` may name it as {}."""
    return [
        f"{source_tree.line_number(text, match.start())}: {message.format(match.group())}"
        for match in pattern.finditer(text)
    ]


def check_primitives(name, text):
    """Threads, mutexes and atomics come in through the policy, so that a verifier sees them all."""
    if name in _STD_FILES:
        return []
    return matches(_PRIMITIVE, source_tree.code_only(text), "{} outside std_sync.h")


# What some headers ask of the compiler besides: which language, which platform and which sanitizer it compiles for.
_QUESTIONS = {
    "build_instrumentation.h": {
        ("if", "defined(__SANITIZE_ADDRESS__)"),
        ("elif", "!defined(__has_feature)"),
        ("elif", "__has_feature(address_sanitizer)"),
        ("elif", "__has_feature(memory_sanitizer)"),
        ("else", ""),
        ("endif", ""),
    },
    "default_backing.h": {("if", "__has_include(<sys/mman.h>)"), ("else", ""), ("endif", "")},
    "language.h": {("if", "__cplusplus <= 202002L"), ("endif", "")},
}


# What a user's preprocessor may ask. Nothing of impl/ does: nothing includes the header of it.
_MACROS = {"version.h": re.compile(r"SLABPROOF_VERSION(?:_(?:MAJOR|MINOR|PATCH))?\b")}


def check_preprocessor(name, text):
    """The preprocessor includes and guards and does nothing else: what is checked is shipped."""
    guard = f"SLABPROOF_{name.removesuffix('.h').upper()}_H_"
    directives = [
        (source_tree.line_number(text, match.start()), match.group(1), match.group(2))
        for match in _DIRECTIVE.finditer(text)
    ]
    questions = _QUESTIONS.get(name, set())
    others = [
        (number, kind, rest)
        for number, kind, rest in directives
        if kind != "include"
        and (kind, rest.strip()) not in questions
        and not (kind == "define" and name in _MACROS and _MACROS[name].match(rest))
    ]
    kept = [("ifndef", guard), ("define", guard), ("endif", f"// {guard}")]
    problems = [
        f"{number}: #{kind} {rest}"
        for number, kind, rest in others
        if (kind, rest.replace("  ", " ")) not in kept
    ]
    if len(others) - len(problems) != len(kept):
        problems.append(f"1: lacks the include guard {guard}")
    return problems


_TOOL_INCLUDES = {
    "address_sanitizer.h": ("<sanitizer/asan_interface.h>", "<sanitizer/lsan_interface.h>"),
    "memory_sanitizer.h": ("<sanitizer/msan_interface.h>",),
    "valgrind_memcheck.h": ("<valgrind/memcheck.h>",),
}


def check_dependencies(name, text):
    """impl/ needs the standard library and the OS; one header, a hash function, and some the tool that they are for."""
    problems = []
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*(<[^>]*>)", text, re.MULTILINE):
        header = match.group(1)
        allowed = (
            _SYSTEM_INCLUDE.fullmatch(header)
            or (name == "siphash_mac.h" and header.startswith("<highwayhash/"))
            or header in _TOOL_INCLUDES.get(name, ())
            or (name == "language.h" and header.startswith("<slabproof needs "))
        )
        if not allowed:
            problems.append(f"{source_tree.line_number(text, match.start())}: includes {header}")
    return problems


def check_friends(texts):
    """A friend could be a verifier's way in: friends are operators, or classes of impl/ itself.

    `texts` is {name: text}. A base class may befriend the class that derives from it, which is then
    a parameter of its template.
    """
    codes = {name: source_tree.code_only(text) for name, text in texts.items()}
    own = {match.group(1) for code in codes.values() for match in _CLASS.finditer(code)}
    problems = []
    for name, code in sorted(codes.items()):
        allowed = own | set(_TEMPLATE_PARAMETER.findall(code))
        for match in _FRIEND.finditer(code):
            befriended = match.group(1)
            if "operator" not in befriended and befriended.split()[-1] not in allowed:
                number = source_tree.line_number(code, match.start())
                problems.append(f"{name}:{number}: friend {befriended}")
    return problems


def check_verifiers(_, text):
    """impl/ does not know who verifies it, in its comments neither."""
    return matches(_VERIFIER, text, "names the verifier {}")


def arguments_of(code, opening):
    """The text between the parenthesis at `opening` and its partner."""
    depth = 0
    for position in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[position], 0)
        if depth == 0:
            return code[opening + 1 : position]
    return code[opening + 1 :]


def check_explicit_orders(name, text):
    """Each atomic operation states its order, a compare-exchange both, by the enumerator's name."""
    if name in _POLICY_FILES:
        return []
    code = source_tree.code_only(text)
    problems = matches(_OLD_ORDER, code, "{}: write std::memory_order::...")
    for match in _ATOMIC_CALL.finditer(code):
        needed = 2 if match.group(1).startswith("compare") else 1
        arguments = arguments_of(code, match.end() - 1)
        if len(re.findall(r"memory_order::|\border\b|\bsuccess\b|\bfailure\b", arguments)) < needed:
            number = source_tree.line_number(code, match.start())
            problems.append(f"{number}: {match.group(1)} without an explicit order")
    return problems


def label_above(lines, code, index):
    """The ORDER comment of the statement on line `index`, as text; empty if there is none.

    It stands on the line itself or in the comment directly above the statement.
    """
    if "ORDER[" in lines[index]:
        return lines[index]
    start = index
    while start > 0:
        above = code[start - 1].strip()
        is_comment = not above and lines[start - 1].strip().startswith("//")
        ends_statement = above.endswith((";", "{", "}", ":"))
        if ends_statement or not (above or is_comment):
            break
        start -= 1
    comment = "\n".join(line for line in lines[start:index] if line.strip().startswith("//"))
    return comment[comment.index("ORDER[") :] if "ORDER[" in comment else ""


def check_labelled_orders(name, text):
    """Each order carries a label that states this order."""
    if name in _POLICY_FILES:
        return []
    lines = text.splitlines()
    code = source_tree.code_only(text).splitlines()
    problems = []
    for index, line in enumerate(code):
        for order in _ORDER.findall(line):
            label = label_above(lines, code, index)
            if not re.search(rf"\b{order}\b", label.replace(f"memory_order::{order}", "")):
                problems.append(f"{index + 1}: memory_order::{order} without ORDER[...] {order}")
    return problems


def check_label_ends(texts):
    """Each label has a releasing and an acquiring end, or is relaxed; `texts` is {name: text}."""
    ends = {}
    problems = []
    for name, text in sorted(texts.items()):
        for match in _LABEL.finditer(text):
            where = f"{name}:{source_tree.line_number(text, match.start())}"
            label, orders = match.group(1), set(_ORDER_WORD.findall(match.group(2)))
            if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", label):
                problems.append(f"{where}: not a label: ORDER[{label}]")
            if not orders:
                problems.append(f"{where}: ORDER[{label}] states no order")
            ends.setdefault(label, (where, set()))[1].update(orders)
    for label, (where, orders) in ends.items():
        if orders and orders != {"relaxed"} and not (orders & _RELEASE and orders & _ACQUIRE):
            missing = "acquiring" if orders & _RELEASE else "releasing"
            problems.append(f"{where}: ORDER[{label}] has no {missing} end")
    return problems


def check_locks_only(name, text):
    """Threads share what a mutex protects and nothing else, but for the lock-free files.

    The model checker's memory model is exact for mutexes and plain variables. Where it differs from
    C++20 for atomics and fences, proofs/relacy_memory_model.md says how: who gives another file of
    impl/ an atomic must look at each item of that page, and say there why it does no harm.
    """
    if name in _POLICY_FILES | _LOCK_FREE_FILES:
        return []
    return matches(_LOCK_FREE, source_tree.code_only(text), "{} in code that shares by locks only")


def check_examined_only(name, text):
    """A lock-free file uses what proofs/relacy_memory_model.md has looked at for it.

    That is: a relaxed load, which is no more than a guess, and read-modify-writes.
    """
    if name not in _LOCK_FREE_FILES:
        return []
    problem = "{} in lock-free code: proofs/relacy_memory_model.md does not cover it"
    return matches(_UNEXAMINED, source_tree.code_only(text), problem)


def check_unfinished(_, text):
    """What is in the tree is finished, and no warning is silenced."""
    return matches(_UNFINISHED, text, "{}")


IMPL_RULES = [
    check_primitives,
    check_preprocessor,
    check_dependencies,
    check_verifiers,
    check_explicit_orders,
    check_labelled_orders,
]


class TreeTest(unittest.TestCase):
    """The tree keeps the rules."""

    def setUp(self):
        self.root = source_tree.workspace_root()
        self.headers = {
            file.name: file.read_text() for file in sorted((self.root / "impl/slabproof").glob("*.h"))
        }

    def test_there_are_headers_to_check(self):
        self.assertIn("extendable_slab.h", self.headers)

    def test_impl_keeps_every_rule(self):
        for rule in IMPL_RULES:
            with self.subTest(rule.__name__):
                problems = [
                    f"impl/{name}:{problem}"
                    for name, text in self.headers.items()
                    for problem in rule(name, text)
                ]
                self.assertEqual(problems, [])

    def test_impl_shares_by_locks_only(self):
        problems = [
            f"impl/{name}:{problem}"
            for name, text in self.headers.items()
            for problem in check_locks_only(name, text)
        ]
        self.assertEqual(problems, [])

    def test_lock_free_files_use_only_what_was_examined(self):
        problems = [
            f"impl/{name}:{problem}"
            for name, text in self.headers.items()
            for problem in check_examined_only(name, text)
        ]
        self.assertEqual(problems, [])
        self.assertEqual(_LOCK_FREE_FILES - self.headers.keys(), set())

    def test_every_order_label_has_both_ends(self):
        self.assertEqual(check_label_ends(self.headers), [])

    def test_friends_are_of_the_house(self):
        self.assertEqual(check_friends(self.headers), [])

    def test_nothing_is_left_unfinished(self):
        suffixes = {".h", ".cc", ".py", ".sh", ".bzl", ".md", ".v", ".ml", ".yaml", ""}
        problems = []
        for file in source_tree.walk(self.root):
            if file.suffix in suffixes:
                text = (self.root / file).read_text(errors="replace")
                problems += [f"{file}:{problem}" for problem in check_unfinished(file.name, text)]
        self.assertEqual(problems, [])


GUARDED = """#ifndef SLABPROOF_SLAB_H_
#define SLABPROOF_SLAB_H_
#include <vector>
#endif  // SLABPROOF_SLAB_H_
"""


class RuleTest(unittest.TestCase):
    """Each rule finds what breaks it, and lets what keeps it pass."""

    def assert_breaks(self, rule, text, pattern, name="slab.h"):
        problems = rule(name, text)
        self.assertEqual(len(problems), 1, problems)
        self.assertRegex(problems[0], pattern)

    def assert_keeps(self, rule, text, name="slab.h"):
        self.assertEqual(rule(name, text), [])

    def test_primitives_outside_the_policy_are_found(self):
        for primitive in ["std::atomic<int>", "std::mutex", "std::shared_mutex", "std::thread",
                          "std::jthread", "std::condition_variable", "std::atomic_ref<int>"]:
            self.assert_breaks(check_primitives, f"\n{primitive} x;", "^2: std::")

    def test_primitives_in_the_policy_and_in_comments_are_allowed(self):
        self.assert_keeps(check_primitives, "std::mutex m;", name="std_sync.h")
        self.assert_keeps(check_primitives, "// like std::mutex\nstd::memory_order order;")

    def test_a_guarded_header_is_allowed(self):
        self.assert_keeps(check_preprocessor, GUARDED)

    def test_other_directives_are_found(self):
        for directive in ["#if FUZZING", "#ifdef NDEBUG", "#define CHECK(x) x", "#pragma once"]:
            self.assert_breaks(check_preprocessor, GUARDED + directive, "^5: #")

    def test_macros_are_the_version_alone(self):
        text = GUARDED.replace("SLAB_H_", "VERSION_H_")
        version = "#define SLABPROOF_VERSION_MAJOR 1\n#define SLABPROOF_VERSION (1)\n"
        self.assert_keeps(check_preprocessor, text + version, name="version.h")
        self.assert_breaks(check_preprocessor, GUARDED + version[:34], "^5: #define")
        other = "#define SLABPROOF_VERSIONS 1\n"
        self.assert_breaks(check_preprocessor, text + other, "^5: #define", name="version.h")

    def test_nothing_asks_for_the_version(self):
        for file in (source_tree.workspace_root() / "impl/slabproof").glob("*.h"):
            self.assertNotIn('"slabproof/version.h"', file.read_text(), file.name)

    def test_a_missing_or_misnamed_guard_is_found(self):
        self.assert_breaks(check_preprocessor, "#include <vector>\n", "lacks the include guard")
        self.assertNotEqual(check_preprocessor("segment.h", GUARDED), [])

    def test_a_foreign_dependency_is_found(self):
        for header in ["<fmt/core.h>", "<nlohmann/json.hpp>", "<highwayhash/sip_hash.h>"]:
            self.assert_breaks(check_dependencies, f"#include {header}\n", "^1: includes")

    def test_the_system_and_the_one_hash_function_are_allowed(self):
        self.assert_keeps(check_dependencies, "#include <vector>\n#include <sys/mman.h>\n")
        self.assert_keeps(check_dependencies, "#include <highwayhash/x.h>\n", name="siphash_mac.h")

    def test_a_foreign_friend_is_found(self):
        for friend in ["friend class Probe;", "friend Probe;", "friend void probe(Slab&);"]:
            problems = check_friends({"slab.h": f"class Slab {{\n{friend}\n}};"})
            self.assertEqual(len(problems), 1, friend)
            self.assertRegex(problems[0], "slab.h:2: friend")

    def test_friends_of_the_house_are_allowed(self):
        segment = "class Segment { friend bool operator==(Segment, Segment) = default; };"
        base = "template <class Derived> class Base { friend Derived; };"
        slab = "class Slab { friend Segment; friend class Base; };  // friend of all"
        self.assertEqual(check_friends({"a.h": segment, "b.h": base, "c.h": slab}), [])

    def test_a_verifier_is_found_even_in_a_comment(self):
        self.assert_breaks(check_verifiers, "// for Relacy\n", "^1: names the verifier Relacy")

    def test_a_default_order_is_found(self):
        for call in ["x.load()", "x->store(1)", "x.fetch_add(f(1))", "x.exchange(y)"]:
            self.assert_breaks(check_explicit_orders, f"{call};", "without an explicit order")

    def test_a_compare_exchange_needs_both_orders(self):
        call = "x.compare_exchange_weak(a, b, std::memory_order::acq_rel);"
        self.assert_breaks(check_explicit_orders, call, "without an explicit order")

    def test_an_order_that_a_macro_could_replace_is_found(self):
        call = "load(std::memory_order_acquire);"
        self.assert_breaks(check_explicit_orders, call, "^1: memory_order_acquire: write")

    def test_explicit_orders_are_allowed(self):
        self.assert_keeps(check_explicit_orders, "x.store(f(1), std::memory_order::release);")

    def test_an_order_without_a_label_is_found(self):
        text = "// ORDER[a.b] acquire: x\nf();\nx.load(std::memory_order::acquire);\n"
        self.assert_breaks(check_labelled_orders, text, "^3: memory_order::acquire without")

    def test_a_label_that_states_another_order_is_found(self):
        text = "// ORDER[a.b] relaxed: x\nx.load(std::memory_order::acquire);\n"
        self.assert_breaks(check_labelled_orders, text, "^2: memory_order::acquire without")

    def test_labels_beside_and_above_a_statement_are_allowed(self):
        self.assert_keeps(
            check_labelled_orders,
            "x.load(std::memory_order::acquire);  // ORDER[a.b] acquire: y\n"
            "// ORDER[a.b] acq_rel, relaxed on failure:\n// pairs with itself\n"
            "while (!x.compare_exchange_weak(a, b, std::memory_order::acq_rel,\n"
            "                                std::memory_order::relaxed)) {\n",
        )

    def test_sharing_without_a_lock_is_found(self):
        for code in ["typename Sync::template Atomic<int> free_;", "Sync::fence(order);",
                     "free_.load(std::memory_order::consume);", "volatile int ready_;",
                     "__atomic_load_n(&ready_, 0);", "std::atomic_thread_fence(order);"]:
            self.assert_breaks(check_locks_only, f"\n{code}", "^2: .* in code that shares by locks")
        weak = "free_.compare_exchange_weak(head, next, success, failure);"
        self.assert_breaks(check_locks_only, weak, "^1: compare_exchange_weak in code")

    def test_sharing_by_locks_is_allowed(self):
        self.assert_keeps(check_locks_only, "typename Sync::Mutex mutex_;  // no Atomic<int>, fence(")
        self.assert_keeps(check_locks_only, "void fence(std::memory_order o);", name="std_sync.h")

    def test_lock_free_files_may_have_atomics(self):
        code = "typename Sync::template Atomic<int> head_; head_.load(std::memory_order::relaxed);"
        self.assert_keeps(check_locks_only, code, name="remote_list.h")
        self.assert_keeps(check_examined_only, code, name="remote_list.h")

    def test_what_was_not_examined_is_found_in_lock_free_files(self):
        for code in ["Sync::fence(order);", "head_.store(null, order);", "head_->store(null, order);",
                     "head_.load(std::memory_order::acquire);", "volatile int ready_;"]:
            self.assert_breaks(check_examined_only, f"\n{code}", "^2: .* in lock-free", name="remote_list.h")
        self.assert_keeps(check_examined_only, "head_.store(null, order);")

    def test_a_label_with_one_end_is_found(self):
        one_end = {"slab.h": "// ORDER[a.b] release: pairs with nobody"}
        self.assertEqual(check_label_ends(one_end), ["slab.h:1: ORDER[a.b] has no acquiring end"])
        one_end = {"slab.h": "// ORDER[a.b] acquire: pairs with nobody"}
        self.assertEqual(check_label_ends(one_end), ["slab.h:1: ORDER[a.b] has no releasing end"])

    def test_a_label_without_an_order_or_a_name_is_found(self):
        self.assertRegex(check_label_ends({"a.h": "// ORDER[a.b]: x"})[0], "states no order")
        self.assertRegex(check_label_ends({"a.h": "// ORDER[] relaxed: x"})[0], "not a label")

    def test_two_ends_in_two_files_or_a_relaxed_label_are_allowed(self):
        both = {"a.h": "// ORDER[a.b] release: x", "b.h": "// ORDER[a.b] acquire: y"}
        self.assertEqual(check_label_ends(both), [])
        self.assertEqual(check_label_ends({"a.h": "// ORDER[c] relaxed: re-validated"}), [])

    def test_unfinished_work_is_found(self):
        self.assert_breaks(check_unfinished, "// TO" "DO: later", "^1: TO" "DO")
        self.assert_breaks(check_unfinished, "x();  // NOLI" "NT", "^1: NOLI" "NT")
