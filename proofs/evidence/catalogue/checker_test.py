"""The pages of proofs/ agree with the model checker.

    checker_test.py CHECK      where CHECK is the program
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from proofs.evidence.catalogue import tree

CHECK = ""
# Each critical section of a growable slab begins by announcing that it changes the shared state.
SECTION = re.compile(r"^(T\d+) +\S+ +(\S+) +write SegmentSet \d+ = (.*)$", re.MULTILINE)
SECTION_NAMES = {
    "allocate": "allocate, phase 1",
    "end_growth": "allocate, phase 3",
    "deallocate": "free",
}


def critical_sections(trace):
    """A line for each critical section, as the design review has it: thread, action, the state that it leaves."""
    found = [(thread, SECTION_NAMES[function], state) for thread, function, state in SECTION.findall(trace)]
    width = max((len(name) for _, name, _ in found), default=0)
    return "".join(f"{thread}  {name:<{width}}  {state}\n" for thread, name, state in found)


def check(*arguments):
    return subprocess.run([CHECK, *arguments], capture_output=True, text=True, check=True).stdout


class PagesTest(unittest.TestCase):
    def test_the_design_review_shows_what_the_checker_finds(self):
        page = (tree.workspace_root() / "proofs/DESIGN_REVIEW.md").read_text()
        command = re.search(r"\./verify check --program \"(.*?)\" (.*?) --trace", page)
        with tempfile.TemporaryDirectory() as scratch:
            trace = pathlib.Path(scratch) / "trace.txt"
            check("--program", command.group(1), *command.group(2).split(), "--trace", str(trace))
            found = critical_sections(trace.read_text())
        self.assertTrue(found)
        self.assertIn(f"```text\n{found}```", page)

    def test_the_pages_say_how_much_the_default_suite_gives_the_step_checker(self):
        with tempfile.TemporaryDirectory() as scratch:
            steps, results = pathlib.Path(scratch) / "steps", pathlib.Path(scratch) / "results"
            check("--quiet", "--emit-steps", str(steps), "--json", str(results))
            # The proved system has neither caches nor remotes.
            shared = [record for record in json.loads(results.read_text()) if record["slab"] == "shared"]
            # Those that are cut where only rounds of a wait are left are judged as well, as far as they go.
            executions = sum(record["executions"] + record["redundant"] for record in shared)
            kinds = [line.partition(" ")[0] for line in steps.read_text().splitlines()]
        self.assertEqual(kinds.count("slab"), executions)
        sections = sum(kind not in ("slab", "end", "stopped", "#") for kind in kinds)
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
