"""Each file that states the version of the library states that of impl/slabproof/version.h."""

import pathlib
import re
import unittest

# Those that need the number in their own text; CMake and pkg-config get it from the header.
STATEMENTS = {
    "CITATION.cff": r"^version: (\S+)$",
    "MODULE.bazel": r'^    version = "(\S+)",$',
    "debian/changelog": r"^slabproof \((\S+)\) ",
}


def version_of_header(text):
    """The version that the macros of the header say, as "1.2.3"."""
    return ".".join(
        re.search(rf"^#define SLABPROOF_VERSION_{part} (\d+)$", text, re.MULTILINE).group(1)
        for part in ("MAJOR", "MINOR", "PATCH")
    )


class VersionTest(unittest.TestCase):
    def setUp(self):
        self.version = version_of_header(pathlib.Path("impl/slabproof/version.h").read_text())

    def test_every_file_states_the_version_of_the_header(self):
        for name, pattern in STATEMENTS.items():
            with self.subTest(name):
                stated = re.search(pattern, pathlib.Path(name).read_text(), re.MULTILINE)
                self.assertIsNotNone(stated, "states no version")
                self.assertEqual(stated.group(1), self.version)

    def test_every_part_fits_into_the_number_for_comparisons(self):
        for part in self.version.split(".")[1:]:
            self.assertLess(int(part), 100)
