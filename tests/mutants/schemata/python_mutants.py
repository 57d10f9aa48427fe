"""Mutants of programs in Python, one at a time: the judge of the catalogue and of the report.

    python3 -m tests.mutants.schemata.python_mutants [--sample N] [--json FILE] [--out FILE.md]

Each mutant is the module with one change, in a copy of what the tests of the catalogue read; the tests that are about it run
until one fails. Exit code: 0 each mutant is killed or has an argument in `python_equivalent.toml`, 1 one lives without.
"""

import argparse
import ast
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from tests.mutants.schemata import equivalent
from tests.mutants.schemata.text_mutants import TextMutant, conclude, markdown, numbered

CATALOGUE = "proofs/evidence/catalogue"
# What is mutated, and the modules of its tests.
SUBJECTS = {
    f"{CATALOGUE}/rules.py": ("proofs.evidence.catalogue.catalogue_test",),
    f"{CATALOGUE}/properties.py": ("proofs.evidence.catalogue.catalogue_test", "proofs.evidence.report.judge_test"),
    f"{CATALOGUE}/tree.py": ("proofs.evidence.catalogue.tree_test", "proofs.evidence.catalogue.catalogue_test"),
    f"{CATALOGUE}/trust_base.py": ("proofs.evidence.catalogue.trust_base_test",),
    "proofs/evidence/report/judge.py": ("proofs.evidence.report.judge_test",),
    "proofs/evidence/report/mutant_counts.py": ("proofs.evidence.report.judge_test",),
}
_COMPARISONS = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
                ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}  # fmt: skip
_SECONDS = 300


def mutants_of(file, text):
    """All mutants of a module, in the order of its text."""
    tree = ast.parse(text)
    found = []
    for node in ast.walk(tree):
        for operator, part, changed in _changes(node):
            original = ast.get_source_segment(text, part)
            replacement = changed if isinstance(changed, str) else ast.unparse(changed)
            if original is not None and not _is_documentation(part, tree):
                found.append(TextMutant(file, part.lineno, operator, original, replacement, _with(text, part, replacement)))
    return numbered(found)


def _changes(node):
    """(operator, what is replaced, by what) of each mutant of a node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        other = _COMPARISONS[type(node.ops[0])]()
        yield "comparison", node, ast.Compare(node.left, [other], node.comparators)
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "logical", node, f"({ast.unparse(ast.BoolOp(other, node.values))})"
    if isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield "condition", node.test, f"(not ({ast.unparse(node.test)}))"
    if isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield "condition", test, "True"
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", node, str(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "constant", node, str(node.value + 1)
    if isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Yield, ast.YieldFrom)):
        yield "statement", node, "pass" if isinstance(node.value, ast.Call) else "yield from ()"
    if isinstance(node, (ast.Continue, ast.Break)):
        yield "statement", node, "pass"
    if isinstance(node, ast.Return) and node.value is not None:
        yield "result", node.value, "None"


def _is_documentation(node, tree):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _with(text, node, replacement):
    """The text with something else in the place of a node, whose columns count bytes."""
    lines = text.encode().splitlines(keepends=True)
    begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    return (text.encode()[:begin] + replacement.encode() + text.encode()[end:]).decode()


def killer_of(mutant, root):
    """The test module that fails, or an empty text. `root` is a tree that nobody else uses."""
    target = root / mutant.file
    shipped = target.read_text()
    target.write_text(mutant.text)
    try:
        return next((tests for tests in SUBJECTS[mutant.file] if _fails(tests, root)), "")
    finally:
        target.write_text(shipped)


def _fails(tests, root):
    """Also where it has no end."""
    command = [sys.executable, "-m", "unittest", "--failfast", tests]
    environment = dict(os.environ, PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1")
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=_SECONDS, check=False, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path())
    parser.add_argument("--sample", type=int, help="so many mutants, evenly spread, instead of all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    found = [each for file in SUBJECTS for each in mutants_of(file, (options.root / file).read_text())]
    if options.sample and options.sample < len(found):
        found = [found[i * len(found) // options.sample] for i in range(options.sample)]
    arguments = equivalent.load("python_equivalent.toml")
    with tempfile.TemporaryDirectory() as scratch:
        trees = []
        for job in range(options.jobs):
            trees.append(pathlib.Path(scratch) / str(job))
            shutil.copytree(options.root, trees[-1], symlinks=True, ignore=shutil.ignore_patterns(".git", "bazel-*", "out"))

        for tests in sorted({tests for of_file in SUBJECTS.values() for tests in of_file}):
            if _fails(tests, trees[0]):
                print(f"mutants: {tests} fails without a mutant", file=sys.stderr)
                return 2

        def try_all(tree, mutants):
            for each in mutants:
                each.killed_by = killer_of(each, tree)

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for future in [pool.submit(try_all, tree, found[i :: options.jobs]) for i, tree in enumerate(trees)]:
                future.result()
    if options.out:
        options.out.write_text(markdown(found, arguments))
    if options.json:
        options.json.write_text(json.dumps([{"key": each.key, "line": each.line, "killed_by": each.killed_by} for each in found], indent=1))
    return conclude(found, arguments)


if __name__ == "__main__":
    sys.exit(main())
