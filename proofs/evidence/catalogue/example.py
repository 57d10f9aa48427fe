"""A small tree with its own catalogue, for tests, which break one thing of it each."""

import pathlib
import tempfile

FILES = {
    "proofs/properties.yaml": """
notation: {seg: segments}
properties:
  - id: S1
    title: Exclusive ownership
    statement: No block has two owners.
    symbols: "own(b) ∩ own'(b) = ∅ & <nothing>"
    reach: Any number of threads.
    kept_in:
      - {file: impl/slab.h, label: "INVARIANT[slab.owned]"}
      - {file: impl/slab.h, function: take}
    evidence:
      - {kind: theorem, name: S1_exclusive, shows: it is proved}
      - {kind: refinement, runs: [default suite], joins: [S1_taken], shows: it is judged}
      - {kind: scenario, names: [two_growers], shows: it is explored}
      - {kind: scenario, suite: deep, shows: it is explored at length}
      - {kind: test, target: "//tests:slab_test", cases: [SlabTest.Serves], shows: it is tested}
      - {kind: fuzz, target: "//fuzz/targets:slab_corpus_test", shows: it is fuzzed}
      - kind: mutant
        names: [lock_skipped]
        target: "//tests:canary_test"
        cases: [CanaryTest.LockSkipped]
        shows: without the lock it fails
      - {kind: planted, names: [lock_lost], shows: engines find it}
      - {kind: mutation, shows: changes are noticed}
      - {kind: review, file: proofs/REVIEW.md, heading: Owners, shows: it is argued}
  - id: L1
    title: No deadlock
    statement: Nobody waits for ever.
    symbols: "∀ σ. ∃ step"
    reach: Small programs.
    kept_in: [{file: impl/slab.h, function: take}]
    evidence:
      - {kind: scenario, suite: default, shows: it is explored}
""",
    "impl/slab.h": "// INVARIANT[slab.owned] one owner\nvoid take();\n",
    "impl/BUILD": "",
    "proofs/coq/Ownership.v": "Theorem S1_exclusive : True.\nProof. done. Qed.\n"
    "Theorem S1_taken : True.\nProof. done. Qed.\n",
    "proofs/REVIEW.md": "# Review\n\n## Owners\n",
    "model/program/scenario.cc": """
constexpr auto kDefaultSuite = { {.name = "two_growers"}, {.name = "three_growers"} };
constexpr auto kDeepSuite = { {.name = "four_growers"} };
""",
    "tests/mutants/mutants.bzl": 'MUTANTS = [struct(name = "lock_skipped", breaks = "S1", steps = "rejected"), '
    'struct(name = "lock_lost", breaks = "S1", steps = None)]\n',
    "tests/BUILD": """
load("//tools:rules.bzl", "house_test")
house_test(name = "slab_test", srcs = ["slab_test.cc"])
house_test(name = "canary_test", srcs = ["canary_test.cc"])
""",
    "tests/slab_test.cc": "TEST(SlabTest, Serves) {}\nTYPED_TEST(SlabTest, Grows) {}\n",
    "tests/canary_test.cc": "TEST(CanaryTest, LockSkipped) {}\n",
    "tools/rules.bzl": "def house_test(name, **kwargs):\n    native.cc_test(name = name, **kwargs)\n",
    "fuzz/targets/BUILD": 'cc_test(name = "slab_corpus_test", srcs = glob(["*.cc"]))\n',
    "fuzz/targets/corpus/slab/one": "a f",
    "README.md": "Property S1 holds.\n",
    "CITATION.cff": 'cff-version: 1.2.0\nmessage: "Cite it."\ntitle: "slabproof: a slab"\n'
    'version: 1.0.0\nauthors:\n  - name: "The slabproof authors"\n',
}


def make(test):
    """A scratch copy of the tree that goes when `test` ends."""
    scratch = tempfile.TemporaryDirectory()
    test.addCleanup(scratch.cleanup)
    root = pathlib.Path(scratch.name)
    for name, text in FILES.items():
        write(root, name, text)
    return root


def write(root, name, text):
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def edit(root, name, old, new):
    """Replaces a text that must be there."""
    text = (root / name).read_text()
    assert old in text, f"{name} has no {old}"
    write(root, name, text.replace(old, new))
