"""check_compile_fail accepts only a source that fails for the reason it names."""

import pathlib
import tempfile
import unittest

from tools import check_compile_fail

CONTROLLED = '#ifndef POSITIVE_CONTROL\nstatic_assert(false, "the reason");\n#endif\n'


class CheckAllTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def problems(self, text):
        source = self.directory / "source.cc"
        source.write_text(text)
        return check_compile_fail.check_all(["-std=c++23"], source, self.directory, "the reason")

    def test_accepts_a_source_that_fails_for_the_reason(self):
        self.assertEqual(self.problems(CONTROLLED), [])

    def test_rejects_a_source_that_compiles(self):
        self.assertIn("but must not", self.problems("int x;\n")[0])

    def test_rejects_another_message(self):
        self.assertIn("lack 'the reason'", self.problems('static_assert(false, "other");\n')[0])

    def test_rejects_a_source_without_a_positive_control(self):
        self.assertIn("positive control", self.problems('static_assert(false, "the reason");\n')[0])

    def test_reports_each_compiler(self):
        self.assertEqual(len(self.problems("int x;\n")), len(check_compile_fail.COMPILERS))
