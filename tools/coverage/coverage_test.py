"""./verify coverage: each test counts for its engine, counters are summed over instantiations, what
was never instantiated is not overlooked, and what is missed needs a reason that still holds."""

import collections
import pathlib
import tempfile
import unittest

from tools.coverage import counters, engines, gaps, lcov, report
from tools.coverage.counters import FileCoverage
from tools.coverage.gaps import Gap

PUBLIC = "/proc/self/cwd/bazel-out/x/bin/impl/_virtual_includes/slabproof/slabproof/slab.h"
MUTANT = "/proc/self/cwd/bazel-out/x/bin/tests/wrong_headers/slabproof/slab.h"

SOURCE = "int f(int x) {\n  if (x > 1 && x < 5) return 7;\n  return 0;\n}\n"


def read_lines(lcov):
    files = collections.defaultdict(FileCoverage)
    counters.read_lines(lcov, files)
    return files


def file_coverage(lines, branches=()):
    file = FileCoverage()
    file.lines.update(lines)
    file.branches.update(dict(branches))
    return file


class EngineTest(unittest.TestCase):
    def test_a_test_of_the_library_counts_by_what_runs_it(self):
        self.assertEqual(engines.engine_of("//tests/impl:slab_test", False), engines.UNIT)
        self.assertEqual(engines.engine_of("//tests/checker:dpor_test", True), engines.CHECKER)

    def test_the_package_decides_for_properties_and_fuzzers(self):
        for relacy in (False, True):
            properties = engines.engine_of("//tests/properties:some_properties", relacy)
            self.assertEqual(properties, engines.RAPIDCHECK)
            corpus = engines.engine_of("//fuzz:some_fuzzer_corpus_test", relacy)
            self.assertEqual(corpus, engines.FUZZERS)

    def test_a_deliberately_wrong_slab_counts_for_none(self):
        self.assertIsNone(engines.engine_of("//tests/mutants:free_without_lock_canary_test", True))
        self.assertIsNone(engines.engine_of("//tests/mutants:engine_canary_test", True))

    def test_a_package_below_counts_as_the_one_above(self):
        self.assertEqual(engines.engine_of("//tests/slab:slab_test", False), engines.UNIT)
        corpus = engines.engine_of("//fuzz/targets:some_corpus_test", True)
        self.assertEqual(corpus, engines.FUZZERS)
        self.assertIsNone(engines.engine_of("//tools/coverage:coverage_test", False))

    def test_a_test_without_a_rule_is_refused(self):
        with self.assertRaisesRegex(ValueError, "//elsewhere:new_test belongs to no engine"):
            engines.tests_by_engine(["//tests/impl:slab_test", "//elsewhere:new_test"], set())

    def test_tests_are_listed_by_engine(self):
        labels = ["//tests/impl:slab_test", "//tools:x_test", "//tests/checker:dpor_test", "//fuzz:y_test"]
        self.assertEqual(
            engines.tests_by_engine(labels, {"//tests/checker:dpor_test"}),
            {
                engines.UNIT: ["//tests/impl:slab_test"],
                engines.RAPIDCHECK: [],
                engines.CHECKER: ["//tests/checker:dpor_test"],
                engines.FUZZERS: ["//fuzz:y_test"],
            },
        )


class ReadLinesTest(unittest.TestCase):
    def test_a_line_counts_wherever_it_was_executed(self):
        files = read_lines(f"SF:{PUBLIC}\nDA:3,0\nDA:4,0\nend_of_record\nSF:{PUBLIC}\nDA:3,2\n")
        self.assertEqual(dict(files["slab.h"].lines), {3: 2, 4: 0})

    def test_a_mutant_is_not_the_shipped_source(self):
        self.assertEqual(dict(read_lines(f"SF:{MUTANT}\nDA:3,1\n")), {})


class ReadBranchesTest(unittest.TestCase):
    def test_each_outcome_counts_over_all_instantiations(self):
        files = collections.defaultdict(FileCoverage)
        branches = [[3, 7, 3, 12, 5, 0, 0, 0, 4], [3, 7, 3, 12, 0, 2, 0, 0, 4]]
        entry = {"filename": PUBLIC, "branches": branches}
        counters.read_branches({"data": [{"files": [entry]}]}, files)
        self.assertEqual(sorted(files["slab.h"].branches.values()), [2, 5])


class SourceTest(unittest.TestCase):
    def test_a_control_statement_without_counter_is_missed(self):
        file = file_coverage({2: 1})
        file.add_uninstantiated("int f() {\n  return 1;\n}\nvoid g() {\n  if (x) {\n  }\n}\n")
        self.assertEqual(FileCoverage.missed(file.lines), [5])

    def test_comments_and_defaulted_functions_are_no_code(self):
        source = "// Why.\nint x = f();\n\nbool operator==(const T&, const T&) = default;\n"
        here, there = (2, 9, 2, 12, True), (4, 1, 4, 2, False)
        file = file_coverage({1: 0, 2: 0, 3: 0, 4: 1}, {here: 0, there: 0})
        file.drop_what_is_no_code(source)
        self.assertEqual(sorted(file.lines), [2, 4])
        self.assertEqual(list(file.branches), [here])


class TogetherTest(unittest.TestCase):
    def test_what_one_engine_reaches_is_reached(self):
        both = counters.together(
            [{"a.h": file_coverage({1: 0, 2: 4})}, {"a.h": file_coverage({1: 3, 2: 0})}]
        )
        self.assertEqual(dict(both["a.h"].lines), {1: 3, 2: 4})

    def test_what_no_engine_reaches_stays_missed(self):
        both = counters.together([{"a.h": file_coverage({1: 0})}] * 2)
        self.assertEqual(FileCoverage.missed(both["a.h"].lines), [1])


class GapsTest(unittest.TestCase):
    CONDITION = (2, 16, 2, 21)

    def test_a_missed_line_is_named_by_its_text(self):
        missed = gaps.find_gaps({"a.h": file_coverage({2: 1, 3: 0})}, {"a.h": SOURCE})
        self.assertEqual(missed, [Gap("a.h", "line", "return 0;")])
        self.assertEqual(missed[0].line, 3)

    def test_a_missed_outcome_is_named_by_its_condition(self):
        branches = {(*self.CONDITION, True): 0, (*self.CONDITION, False): 2}
        missed = gaps.find_gaps({"a.h": file_coverage({2: 2}, branches)}, {"a.h": SOURCE})
        self.assertEqual(missed, [Gap("a.h", "true", "x < 5")])

    def test_outcomes_on_a_missed_line_are_part_of_it(self):
        branches = {(*self.CONDITION, True): 0, (*self.CONDITION, False): 0}
        missed = gaps.find_gaps({"a.h": file_coverage({2: 0}, branches)}, {"a.h": SOURCE})
        self.assertEqual([gap.missed for gap in missed], ["line"])

    def test_a_condition_of_several_lines_is_one_text(self):
        lines = ["  if (first &&", "      second) {"]
        self.assertEqual(gaps.text_between(lines, (1, 7, 2, 13)), "first && second")


class ExceptionsTest(unittest.TestCase):
    LISTED = "- {header: a.h, missed: line, code: return 0;, why: It cannot.}\n"
    GAP = Gap("a.h", "line", "return 0;", 3)

    def test_what_is_listed_is_excused_wherever_it_stands_now(self):
        exceptions = gaps.read_exceptions(self.LISTED)
        self.assertEqual(exceptions, {self.GAP: ["It cannot."]})
        self.assertEqual(gaps.compare([self.GAP], exceptions), ([], []))

    def test_what_is_not_listed_is_reported(self):
        other = Gap("b.h", "line", "return 0;")
        exceptions = gaps.read_exceptions(self.LISTED)
        self.assertEqual(gaps.compare([self.GAP, other], exceptions), ([other], []))

    def test_an_exception_excuses_one_place_and_not_a_second_of_the_same_text(self):
        exceptions = gaps.read_exceptions(self.LISTED)
        again = Gap("a.h", "line", "return 0;", 9)
        self.assertEqual(gaps.compare([self.GAP, again], exceptions), ([again], []))

    def test_an_exception_for_what_is_reached_is_stale(self):
        exceptions = gaps.read_exceptions(self.LISTED)
        self.assertEqual(gaps.compare([], exceptions), ([], [self.GAP]))

    def test_an_exception_without_a_reason_is_refused(self):
        for text in (self.LISTED.replace("It cannot.", "''"), "- {header: a.h, code: x}", "- x"):
            with self.assertRaises(ValueError, msg=text):
                gaps.read_exceptions(text)

    def test_an_exception_for_no_kind_of_place_is_refused(self):
        with self.assertRaisesRegex(ValueError, "line, true, false"):
            gaps.read_exceptions(self.LISTED.replace("missed: line", "missed: lines"))

    def test_the_list_of_the_project_is_well_formed(self):
        exceptions = gaps.read_exceptions(gaps.EXCEPTIONS.read_text())
        self.assertEqual([gap for gap in exceptions if not gap.header.endswith(".h")], [])


class TableTest(unittest.TestCase):
    def setUp(self):
        taken, not_taken = (2, 7, 2, 12, True), (2, 7, 2, 12, False)
        unit = {"a.h": file_coverage({1: 1, 2: 0}, {taken: 1, not_taken: 0})}
        fuzzers = {"b.h": file_coverage({1: 0, 2: 8})}
        together = counters.together([unit, fuzzers])
        self.engines = {"unit tests": unit, "fuzzers": fuzzers, report.TOGETHER: together}
        self.table = report.Table(self.engines)

    def test_an_engine_is_measured_by_what_there_is_for_all(self):
        total = self.table.total("fuzzers")
        self.assertEqual((total.lines_covered, total.lines), (1, 4))
        self.assertEqual(self.table.cell("fuzzers", "a.h").lines_covered, 0)

    def test_rows_are_headers_and_columns_are_engines(self):
        self.assertEqual(
            report.rows_of(self.table, "lines"),
            [
                ["header", "lines", "unit tests", "fuzzers", "together"],
                ["a.h", "2", "50.0%", "0.0%", "50.0%"],
                ["b.h", "2", "0.0%", "50.0%", "50.0%"],
                ["total", "4", "25.0%", "25.0%", "50.0%"],
            ],
        )
        self.assertEqual(
            report.rows_of(self.table, "branches")[1:3],
            [["a.h", "2", "50.0%", "0.0%", "50.0%"], ["b.h", "0", "-", "-", "-"]],
        )

    def test_almost_all_is_not_shown_as_all(self):
        self.assertEqual(report.percent(99.99), "99.9%")
        self.assertEqual(report.percent(100.0), "100.0%")

    def test_the_json_has_counts_and_what_is_missed(self):
        gap = Gap("a.h", "line", "return 0;", 2)
        as_json = report.as_json(self.table, [gap], {})
        self.assertEqual(as_json["total"]["together"]["lines_covered"], 2)
        self.assertEqual(as_json["headers"]["b.h"]["fuzzers"]["lines"], 2)
        self.assertEqual(as_json["unreached"][0]["line"], 2)
        self.assertFalse(as_json["unreached"][0]["justified"])

    def test_the_report_gives_the_reason_of_each_gap(self):
        gap = Gap("a.h", "line", "return 0;", 2)
        text = report.render(self.table, [gap], {gap: ["It cannot."]})
        self.assertIn("- impl/slabproof/a.h:2: the line `return 0;`: It cannot.", text)


class PagesTest(unittest.TestCase):
    TAKEN, NOT_TAKEN = (2, 7, 2, 12, True), (2, 7, 2, 12, False)

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)
        self.header = self.root / "impl" / "a.h"
        self.header.parent.mkdir()
        self.header.write_text(SOURCE)
        unit = file_coverage({1: 3, 2: 1, 3: 0}, {self.TAKEN: 1, self.NOT_TAKEN: 0})
        files = {"unit tests": {"a.h": unit}, "rapidcheck": {"a.h": unit}, "fuzzers": {}}
        together = counters.together(files.values())
        self.tracefile = lcov.render(files, together, {"a.h": self.header})

    def test_an_engine_that_does_not_reach_a_header_counts_its_lines_and_branches_as_missed(self):
        fuzzers = self.tracefile.split("TN:")[3].splitlines()
        self.assertEqual(
            fuzzers,
            ["fuzzers", f"SF:{self.header}"]
            + ["BRDA:2,0,0,0", "BRDA:2,0,1,0"]
            + ["DA:1,0", "DA:2,0", "DA:3,0", "end_of_record"],
        )

    def test_genhtml_shows_how_many_engines_executed_each_line(self):
        (self.root / "impl.info").write_text(self.tracefile)
        lcov.write_pages(self.root / "impl.info", self.root / "html", self.root)
        index = (self.root / "html" / "index.html").read_text()
        self.assertIn("66.7", index)  # of the lines
        self.assertIn("50.0", index)  # of the outcomes of branches
        page = (self.root / "html" / "impl" / "a.h.gcov.html").read_text()
        self.assertRegex(page, r'class="lineNoCov"> +0 .*return 0;')
        self.assertRegex(page, r'class="lineCov"> +2 .*int f\(int x\)')


class ShortcomingsTest(unittest.TestCase):
    def messages(self, lines_covered=98, branches_covered=95, unlisted=(), stale=()):
        tally = report.Tally(100, lines_covered, 100, branches_covered)
        return report.shortcomings(tally, unlisted, stale)

    def test_enough_is_enough(self):
        self.assertEqual(self.messages(), [])

    def test_too_few_lines_or_branches_are_reported(self):
        self.assertIn("97.00% of the lines", self.messages(lines_covered=97)[0])
        self.assertIn("94.00% of the outcomes", self.messages(branches_covered=94)[0])

    def test_a_place_without_a_reason_and_a_reason_without_a_place_are_reported(self):
        gap = Gap("a.h", "line", "return 0;")
        self.assertIn("no exception says why", self.messages(unlisted=[gap])[0])
        self.assertIn("reached or gone", self.messages(stale=[gap])[0])
