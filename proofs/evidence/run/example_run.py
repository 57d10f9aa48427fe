"""A run of the engines over the tree of example.py, in which all is well."""

import dataclasses
import datetime

from proofs.coq.refine import Refinement
from proofs.evidence.run import facts, results
from tests.mutants.schemata.record import VERDICTS, Entry, Record

FACTS = facts.Facts(
    title="slabproof: a slab",
    version="1.0.0",
    authors="The slabproof authors",
    commit="0123456789abcdef",
    dirty=False,
    date=datetime.datetime(2026, 5, 4, 3, 2, tzinfo=datetime.timezone.utc),
    tools=(("g++", "12.2.0"),),
)


def record(scenario, **changes):
    """A result of the model checker."""
    return {
        "scenario": scenario, "program": "a f | a f", "threads": 2, "capacity": 1,
        "recheck": "all", "search": "dpor", "executions": 20, "redundant": 0, "exhaustive": True,
        "limit": None, "verdict": "holds", "property": None, "max_segments": 2,
        "max_over_growth": 0, "seconds": 0.001,
    } | changes


def refinement(**changes):
    """What both checkers say of an exploration in which all is well."""
    given = {
        "arguments": [], "check_code": 0, "explored": 40, "trace_code": 0, "executions": 40,
        "steps": 240, "over_growth": 0, "steps_per_second": 1000, "complaint": "",
    }  # fmt: skip
    return Refinement(**given | changes)


def engine_table(found=("S1", 0.5)):
    """A table in which one engine found the planted bug of example.py as said, and another did not."""
    tried = {"checker": found, "fuzzer": None}
    return results.EngineTable("2026-05-03, commit 00112233", {"lock_lost": tried})


def mutation(*verdicts, function="Slab::take", is_of_these_headers=True):
    """A record in which mutants of a function, and one of another, ended like this: an engine's name is that of a kill."""
    entries = [Entry("slab.constant.0", "slab.h", "Slab::put", "constant", "lived")]
    for number, verdict in enumerate(verdicts, 1):
        entry = Entry(f"slab.logical.{number}", "slab.h", function, "logical", verdict)
        if verdict not in VERDICTS:
            entry = dataclasses.replace(entry, verdict="killed", engine=verdict, killed_as="S1", seconds=0.5)
        entries.append(entry)
    record_of_all = Record("d", "2026-05-02", ("checker", "fuzzer", "tests"), {each.name: each for each in entries})
    return results.Mutation(record_of_all, is_of_these_headers)


def passed(*cases, inputs=0):
    """A test target that passed with these cases."""
    states = {tuple(case.split(".")): "passed" for case in cases}
    return results.TestRun(True, "PASSED", states, inputs)


def make():
    """A Run in which everything ran and passed."""
    names = ["two_growers", "three_growers", "four_growers"]
    return results.Run(
        scenarios={name: record(name) for name in names},
        suites={"default", "deep"},
        builds={
            None: {
                "//tests:slab_test": passed("SlabTest.Serves", "SlabTest.Grows"),
                "//tests:canary_test": passed("CanaryTest.LockSkipped"),
                "//fuzz/targets:slab_corpus_test": passed("replay.all", inputs=1),
            }
        },
        theorems={"S1_exclusive": results.CLOSED},
        refinements={"default suite": refinement()},
        engine_table=engine_table(),
        mutation=mutation("checker", "tests", "checker", "argued"),
    )
