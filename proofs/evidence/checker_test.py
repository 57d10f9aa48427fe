"""What the pages of proofs/ say of the model checker is what it says itself.

    checker_test.py CHECK      where CHECK is the program
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from proofs.evidence import interleaving, tree

CHECK = ""
TRACE = """main  extendable_slab.h:87   ExtendableSlab  construct Shared 0
T0    extendable_slab.h:136  allocate_batch  write Shared 0 = segments 0, growers 1
T1    segment.h:1            take            write Record 5 = segment 0
T1    extendable_slab.h:434  grow            write Shared 0 = segments 1, growers 0
main  extendable_slab.h:93   ~ExtendableSlab write Shared 0 = segments 1, growers 0
"""


def check(*arguments):
    return subprocess.run([CHECK, *arguments], capture_output=True, text=True, check=True).stdout


class InterleavingTest(unittest.TestCase):
    def test_the_sections_of_threads_are_told_in_order(self):
        self.assertEqual(
            interleaving.critical_sections(TRACE),
            "T0  allocate, phase 1  segments 0, growers 1\n"
            "T1  allocate, phase 3  segments 1, growers 0\n",
        )

    def test_the_design_review_shows_what_the_checker_finds(self):
        page = (tree.workspace_root() / "proofs/DESIGN_REVIEW.md").read_text()
        command = re.search(r"\./verify check --program \"(.*?)\" (.*?) --trace", page)
        with tempfile.TemporaryDirectory() as scratch:
            trace = pathlib.Path(scratch) / "trace.txt"
            check("--program", command.group(1), *command.group(2).split(), "--trace", str(trace))
            found = interleaving.critical_sections(trace.read_text())
        self.assertTrue(found)
        self.assertIn(f"```text\n{found}```", page)


class FiguresTest(unittest.TestCase):
    def test_the_pages_say_how_much_the_default_suite_gives_the_step_checker(self):
        with tempfile.TemporaryDirectory() as scratch:
            steps, results = pathlib.Path(scratch) / "steps", pathlib.Path(scratch) / "results"
            check("--quiet", "--emit-steps", str(steps), "--json", str(results))
            executions = sum(record["executions"] for record in json.loads(results.read_text()))
            kinds = [line.partition(" ")[0] for line in steps.read_text().splitlines()]
        self.assertEqual(kinds.count("slab"), executions)
        sections = sum(kind not in ("slab", "end", "#") for kind in kinds)
        root = tree.workspace_root()
        for page in ["README.md", "proofs/DESIGN_REVIEW.md", "proofs/coq/README.md"]:
            with self.subTest(page):
                numbers = re.findall(r"\d+", (root / page).read_text().replace(",", ""))
                self.assertIn(str(executions), numbers)
                self.assertIn(str(sections), numbers)


class ScenarioTest(unittest.TestCase):
    def test_the_scenarios_of_the_source_are_those_of_the_checker(self):
        listed = re.findall(r"^(\w+) \((\w+) suite\)$", check("--list"), re.MULTILINE)
        self.assertEqual(dict(listed), tree.Tree(tree.workspace_root()).scenarios)


if __name__ == "__main__":
    CHECK = sys.argv.pop(1)
    unittest.main()
