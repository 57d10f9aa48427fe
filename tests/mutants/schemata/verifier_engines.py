"""Who must notice a mutant of a verifier: the verifier's own tests, and the counts of the suites."""

from tests.mutants.schemata.engines import RESULTS, SHORT, Engine

_CHECK = "//model/command:check"


def _test(label):
    return Engine(label.split(":")[1], label, "", ("--gtest_fail_fast", "--gtest_brief"), True)


def _test_of_headers(label):
    """A test whose own source is compiled with the mutants."""
    package, name = label.removeprefix("//").split(":")
    return Engine(name, label, f"{package}/{name}.cc", ("--gtest_fail_fast", "--gtest_brief"), True)


def _part(label, cases):
    """Some cases of a test that takes long, since most mutants need no more."""
    name = f"{label.split(':')[1]}, {cases}"
    return Engine(name, label, "", ("--gtest_fail_fast", "--gtest_brief", f"--gtest_filter={cases}"), True)


def _suite(name, *arguments):
    return Engine(name, _CHECK, "", (*arguments, *RESULTS), True)


ENGINES = [
    _part("//tests/checker:dpor_test", "Dpor.*"),
    _part("//tests/slab:states_test", "StateSearch.*:StateMerges.*:StateTable.*"),
    *(_test(f"//tests/checker:{name}_test") for name in (
        "capabilities", "check", "dpor", "explore", "failures", "graph_random", "graph_search", "graph_shares", "graph_waits",
        "linearizable", "litmus", "memory_model", "memory_orders", "memory_reuse", "misuse", "object_lifetime", "pause",
        "random_pauses", "random_programs", "relacy_sync", "state_between_executions", "thread_storage", "treiber_stack")),
    *(_test(f"//tests/slab:{name}_test") for name in (
        "census_judge", "fast_path_oracle", "full_against_reduced", "growth_bound", "needless_growth", "oracle_allocation",
        "oracle_rejects", "oracle", "second_free", "states")),
    _test_of_headers("//tests/slab:first_fit_test"),
    *(_test(f"//tests/command:{name}_test") for name in ("minimize", "part_outcome", "split_search", "violating_pair")),
    _suite("default suite, short", "--scenario", SHORT),
    _suite("default suite, graph", "--scenario", SHORT, "--search", "graph"),
    _suite("programs of two operations", "--enumerate", "threads=2,ops=2,capacity=2"),
]  # fmt: skip
