"""Which engine a test belongs to."""

import re

UNIT = "unit tests"
RAPIDCHECK = "rapidcheck"
CHECKER = "model checker"
FUZZERS = "fuzzers"
ENGINES = [UNIT, RAPIDCHECK, CHECKER, FUZZERS]

# (pattern, depends on Relacy, engine): the first row holds that matches the whole label and, unless it
# says None, agrees on Relacy. The engine None: the test executes no shipped header, so there is
# nothing to measure.
RULES = [
    (r"//tools\b.*", None, None),  # the build's own scripts
    (r"//tests/source_rules\b.*", None, None),  # read sources
    (r"//tests/impl/compile_fail\b.*", None, None),  # only compile
    (r"//tests\b.*:headers_self_contained_test", None, None),  # only compiles
    (r"//tests/consumer\b.*", None, None),  # build programs of their own
    (r"//tests/mutants\b.*", None, None),  # mutants are not the shipped headers
    (r"//examples\b.*", None, None),  # classes of their own
    (r"//docs\b.*", None, None),  # pages for readers
    (r"//proofs/coq\b.*", None, None),  # judge traces by the proofs, which takes Coq to build
    (r"//proofs\b.*", True, CHECKER),
    (r"//proofs\b.*", False, None),  # read sources and results
    (r"//tests/properties\b.*", None, RAPIDCHECK),
    (r"//fuzz\b.*", None, FUZZERS),
    (r"//tests\b.*", True, CHECKER),
    (r"//tests\b.*", False, UNIT),
]


def engine_of(label, depends_on_relacy):
    """The engine of a test, or None for a test of no engine. Raises ValueError."""
    for pattern, relacy, engine in RULES:
        if re.fullmatch(pattern, label) and relacy in (None, depends_on_relacy):
            return engine
    raise ValueError(f"{label} belongs to no engine: RULES in {__name__} must name one")


def tests_by_engine(labels, relacy_labels):
    """The tests to run for each engine. Raises ValueError for a test without a rule."""
    tests = {engine: [] for engine in ENGINES}
    for label in sorted(labels):
        engine = engine_of(label, label in relacy_labels)
        if engine is not None:
            tests[engine].append(label)
    return tests
