"""Judges executions of the C++ code by the proved transition system.

    python3 -m proofs.coq.refine CHECK CHECK_TRACE [--json FILE] [ARGUMENTS OF CHECK]

The model checker explores as its arguments say and writes the critical sections of each execution;
the step checker that is extracted from Coq accepts or rejects each. Nothing is stored: the two run
side by side.

Exit code: 0 each execution is one of the proved system, 1 one is not, or the model checker found a
violation, 2 bad usage, 3 the model checker reached a limit.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HOLDS, VIOLATED, USAGE, INCONCLUSIVE = 0, 1, 2, 3
_SUMMARY = re.compile(r"(\w+): (\d+) executions, (\d+) steps, greatest over-growth (\d+), (\d+) steps/s")


@dataclasses.dataclass
class Refinement:
    """What both checkers said of one exploration."""

    arguments: list
    check_code: int
    explored: int  # executions, as the model checker counts them
    trace_code: int
    executions: int  # as the step checker counts them
    steps: int
    over_growth: int
    steps_per_second: int
    complaint: str  # what the step checker rejected, or the model checker's message

    @property
    def is_complete(self):
        """Whether every execution that was explored was judged."""
        return self.explored == self.executions

    @property
    def accepted(self):
        return self.trace_code == HOLDS and self.is_complete

    @property
    def exit_code(self):
        if self.trace_code == VIOLATED or self.check_code == VIOLATED:
            return VIOLATED
        # An execution that outgrew what the model checker records is explored and not written.
        if self.check_code == INCONCLUSIVE:
            return INCONCLUSIVE
        if self.check_code == USAGE or self.trace_code != HOLDS:
            return USAGE
        return self.check_code if self.is_complete else VIOLATED


def refine(check, check_trace, arguments):
    """Runs both; `arguments` are the model checker's. Returns a Refinement."""
    read_end, write_end = os.pipe()
    judge = subprocess.Popen(
        [check_trace], stdin=read_end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    os.close(read_end)
    with tempfile.TemporaryDirectory() as directory:
        results = pathlib.Path(directory) / "results"
        # Where the judge stops early, the explorer has nobody left to write to, and says so.
        explorer = subprocess.run(
            [check, "--quiet", "--no-minimize", "--emit-steps", f"/dev/fd/{write_end}",
             "--json", results, *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, pass_fds=[write_end],
            check=False,
        )  # fmt: skip
        os.close(write_end)
        said, complaint = judge.communicate()
        text = results.read_text() if results.exists() else ""
    records = json.loads(text) if text else []
    summary = _SUMMARY.match(said)
    complaints = []
    if judge.returncode != VIOLATED:
        complaints.append(explorer.stderr.strip())
    # Of a checker that refused its arguments the judge knows only that nothing came.
    if judge.returncode == VIOLATED or explorer.returncode != USAGE:
        complaints.append(complaint.strip())
    return Refinement(
        arguments=list(arguments),
        check_code=explorer.returncode,
        # The proved system has neither caches nor remotes, so executions of these have no steps.
        explored=sum(
            record["executions"] + record["redundant"]
            for record in records
            if record.get("slab", "shared") == "shared"
        ),
        trace_code=judge.returncode,
        executions=int(summary.group(2)) if summary else 0,
        steps=int(summary.group(3)) if summary else 0,
        over_growth=int(summary.group(4)) if summary else 0,
        steps_per_second=int(summary.group(5)) if summary else 0,
        complaint="\n".join(filter(None, complaints)),
    )


def sentence(refinement):
    """One line for a person."""
    verdict = "accepted" if refinement.accepted else "rejected"
    if refinement.exit_code == INCONCLUSIVE:
        verdict = f"inconclusive ({refinement.explored} were explored up to a limit)"
    elif refinement.trace_code == HOLDS and not refinement.is_complete:
        verdict = f"incomplete ({refinement.explored} were explored)"
    return (
        f"{verdict}: {refinement.executions} executions of the C++ code, {refinement.steps} critical "
        f"sections, greatest over-growth {refinement.over_growth}"
    )


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="refine", description=__doc__.split("\n\n")[0], allow_abbrev=False,
        epilog="All other arguments are the model checker's: ./verify check --help lists them.",
    )  # fmt: skip
    parser.add_argument("check", help="the model checker")
    parser.add_argument("check_trace", help="the step checker, which proofs/coq/build makes")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="write the figures here")
    options, rest = parser.parse_known_args(arguments)
    done = refine(options.check, options.check_trace, rest)
    if done.complaint:
        print(done.complaint, file=sys.stderr)
    if done.exit_code != USAGE:
        print(sentence(done))
    if options.json:
        options.json.write_text(json.dumps(dataclasses.asdict(done), indent=2) + "\n")
    return done.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
