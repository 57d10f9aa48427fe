"""Each header of impl/ compiles alone, and twice in a row, under every compiler of the project.

    headers_self_contained_test.py FLAGS...

A header that leans on what its users happened to include before it breaks the next user.
"""

import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

COMPILERS = ("g++", "clang++-19")
FLAGS = []


def diagnostics(compiler, include_directory, header):
    """What the compiler says of a source that only includes the header; empty if it accepts it."""
    command = [compiler, *FLAGS, "-x", "c++", "-fsyntax-only", f"-I{include_directory}", "-"]
    source = f'#include "slabproof/{header}"\n' * 2
    result = subprocess.run(
        command,
        input=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return ""
    return f"{compiler}: {header}:\n{result.stdout}"


def check(directory):
    """How many compilations the headers of a directory took, and the diagnostics of those that failed."""
    headers = sorted(path.name for path in directory.glob("*.h"))
    compilers = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    with tempfile.TemporaryDirectory() as include_directory:
        (pathlib.Path(include_directory) / "slabproof").symlink_to(directory.resolve())
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as executor:
            results = [
                executor.submit(diagnostics, compiler, include_directory, header)
                for header in headers
                for compiler in compilers
            ]
            return len(results), [result.result() for result in results if result.result()]


class HeadersSelfContainedTest(unittest.TestCase):
    def test_every_header_compiles_alone(self):
        checked, problems = check(pathlib.Path("impl/slabproof"))
        self.assertGreater(checked, 20)
        self.assertEqual(problems, [], "\n".join(problems))

    def test_header_that_lacks_an_include_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            declaration = "inline std::size_t size;\n"
            (path / "complete.h").write_text(f"#pragma once\n#include <cstddef>\n{declaration}")
            (path / "lacking.h").write_text(f"#pragma once\n{declaration}")
            _, problems = check(path)
        self.assertTrue(problems)
        for problem in problems:
            self.assertIn("lacking.h", problem)

    def test_header_without_a_guard_is_found(self):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory)
            (path / "unguarded.h").write_text("inline int a;\n")
            _, problems = check(path)
        self.assertTrue(problems)


if __name__ == "__main__":
    FLAGS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
