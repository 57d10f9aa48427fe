"""ThreadSanitizer sees every test that starts threads: its target says `threads = True`."""

import re
import unittest

from tests.source_rules import source_tree

_INCLUDES_THREAD = re.compile(r"^#include <thread>", re.MULTILINE)
_UNDER_NO_SANITIZER = re.compile(r"\bthreads = True\b|\brelacy = True\b|\"(?:no-sanitizer|manual)\"")


def unmarked(build_text, sources):
    """The names among `sources` that a test of `build_text` compiles without saying that it starts threads.

    Statements of a BUILD file are separated by blank lines. A target's own source is named by the target.
    """
    missing = []
    for statement in re.split(r"\n\n+", build_text):
        if "slabproof_cc_test(" not in statement or _UNDER_NO_SANITIZER.search(statement):
            continue
        missing += [
            name
            for name in sources
            if f'"{name}"' in statement or f'"{name.removesuffix(".cc")}"' in statement
        ]
    return missing


class ThreadsTest(unittest.TestCase):
    def test_every_test_with_threads_says_so(self):
        root = source_tree.workspace_root()
        sources = {}
        for path in source_tree.walk(root):
            if path.suffix == ".cc" and _INCLUDES_THREAD.search((root / path).read_text()):
                sources.setdefault(path.parent, []).append(path.name)
        self.assertGreater(sum(map(len, sources.values())), 4)
        for folder, names in sources.items():
            build = root / folder / "BUILD"
            with self.subTest(folder=folder):
                self.assertTrue(build.exists(), "each folder with such tests has a BUILD file")
                self.assertEqual(unmarked(build.read_text(), names), [])

    def test_a_test_that_does_not_say_so_is_found(self):
        build = 'slabproof_cc_test(\n    name = "a_test",\n    srcs = ["a_test.cc"],\n)\n'
        self.assertEqual(unmarked(build, ["a_test.cc", "b_test.cc"]), ["a_test.cc"])

    def test_one_among_a_list_of_tests_is_found(self):
        build = '[slabproof_cc_test(\n    name = name,\n) for name in [\n    "a_test",\n]]\n'
        self.assertEqual(unmarked(build, ["a_test.cc"]), ["a_test.cc"])

    def test_a_marked_test_is_allowed(self):
        build = 'slabproof_cc_test(\n    name = "a_test",\n    srcs = ["a_test.cc"],\n    threads = True,\n)\n'
        self.assertEqual(unmarked(build, ["a_test.cc"]), [])


if __name__ == "__main__":
    unittest.main()
