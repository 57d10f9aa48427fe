"""Mutants of the step checker that is extracted from the proofs, one at a time.

    python3 -m tests.mutants.schemata.step_checker_mutants --built DIRECTORY --traces DIRECTORY --steps FILE [--jobs N]
        [--out FILE.md]

DIRECTORY is what proofs/coq/build wrote, FILE what `check --emit-steps` writes of the default suite. What is proved of the
checker says that the shipped one accepts exactly the steps of the system; these mutants ask whether somebody would notice if
another one was built. A mutant is killed where a sample trace gets another verdict, or the suite other counts.
Exit code: 0 each mutant is killed or has an argument in `step_checker_equivalent.toml`, 1 one lives without.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from tests.mutants.schemata import equivalent
from tests.mutants.schemata.text_mutants import TextMutant, conclude, markdown, numbered

_FILE = "checker.ml"
# What extraction makes of comparisons, connectives and numbers, and what may stand there instead.
_OPERATORS = (
    ("comparison", r"n <= m\)", ("n < m)", "n >= m)")),
    ("comparison", r"n = m\)", ("n <> m)",)),
    ("logical", r"\(&&\)", ("(||)",)),
    ("logical", r"\(\|\|\)", ("(&&)",)),
    ("condition", r"\bnegb \(", ("(",)),
    ("condition", r"\bif (?!\()(?=\w)", ("if not @@ ",)),
    ("constant", r"\bStdlib\.Int\.succ (?=0\b|from\b|\()", ("",)),
    ("constant", r"(?<=-> )true\b", ("false",)),
    ("constant", r"(?<=-> )false\b", ("true",)),
    ("arithmetic", r"\(sub ", ("(add ",)),
    ("arithmetic", r"\(add ", ("(sub ",)),
    ("state", r"\bIdle ph\b", ("(Trimming 0) ph",)),
)
_SECONDS = 300


def mutants_of(text):
    """All mutants of the functions from `check_step`'s helpers on: what stands before belongs to the library of Coq."""
    start = text.index("type segment")
    found = []
    for operator, pattern, replacements in _OPERATORS:
        for match in re.finditer(pattern, text):
            if match.start() < start or text.rfind("(**", 0, match.start()) > text.rfind("**)", 0, match.start()):
                continue
            for replacement in replacements:
                line = text.count("\n", 0, match.start()) + 1
                changed = text[: match.start()] + replacement + text[match.end() :]
                around = text.splitlines()[line - 1].strip()
                found.append(TextMutant(_FILE, line, operator, around, f"{match[0].strip()} becomes {replacement.strip() or 'nothing'}", changed))
    return numbered(found)


def _verdicts(program, traces, steps):
    """What the checker says of each sample trace and of the suite."""
    for trace in [*sorted(traces.glob("*.trace")), steps]:
        done = subprocess.run([program, trace], capture_output=True, text=True, timeout=_SECONDS, check=False)
        # How fast it was differs.
        yield trace.name, done.returncode, re.sub(r", \d+ steps/s", "", done.stdout), done.stderr.split(":")[0]


def killer_of(mutant, built, traces, steps, shipped):
    """The trace whose verdict differs, "does not compile", or an empty text."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        for name in ("checker.mli", "check_trace.ml"):
            shutil.copy(built / name, directory)
        (directory / _FILE).write_text(mutant.text)
        for command in (["-c", "checker.mli"], ["-c", "checker.ml"], ["-w", "-a", "-c", "check_trace.ml"],
                        ["-o", "check_trace", "checker.cmx", "check_trace.cmx"]):  # fmt: skip
            if subprocess.run(["ocamlfind", "ocamlopt", *command], cwd=directory, capture_output=True, check=False).returncode != 0:
                return "does not compile"
        try:
            for found, wanted in zip(_verdicts(directory / "check_trace", traces, steps), shipped):
                if found != wanted:
                    return found[0]
        except subprocess.TimeoutExpired:
            return "no end"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--built", type=pathlib.Path, required=True)
    parser.add_argument("--traces", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    shipped = list(_verdicts(options.built / "check_trace", options.traces, options.steps))
    found = mutants_of((options.built / _FILE).read_text())

    def attempt(mutant):
        mutant.killed_by = killer_of(mutant, options.built, options.traces, options.steps, shipped)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(attempt, found))
    tried = [each for each in found if each.killed_by != "does not compile"]
    arguments = equivalent.load("step_checker_equivalent.toml")
    if options.out:
        options.out.write_text(markdown(tried, arguments))
    return conclude(tried, arguments)


if __name__ == "__main__":
    sys.exit(main())
