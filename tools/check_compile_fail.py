"""Asserts that a source does not compile, with the message that it must give; see compile_fail.bzl.

    check_compile_fail.py --source FILE --expect-message TEXT [--impl DIR] -- FLAGS...
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

COMPILERS = ("g++", "clang++-19")


def compile_source(compiler, flags, source, include_directory):
    """Returns (accepted, diagnostics)."""
    command = [compiler, *flags, "-fsyntax-only", f"-I{include_directory}", str(source)]
    result = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=dict(os.environ, LC_ALL="C"),
    )
    return result.returncode == 0, result.stdout


def check(compiler, flags, source, include_directory, expect_message):
    """Returns what is wrong, or None."""
    accepted, diagnostics = compile_source(compiler, flags, source, include_directory)
    if accepted:
        return "the source compiles, but must not"
    if expect_message not in diagnostics:
        return f"the diagnostics lack {expect_message!r}:\n{diagnostics}"
    control = [*flags, "-DPOSITIVE_CONTROL"]
    accepted, diagnostics = compile_source(compiler, control, source, include_directory)
    if not accepted:
        return f"the positive control does not compile:\n{diagnostics}"
    return None


def check_all(flags, source, impl, expect_message):
    """Runs `check` under every compiler that is installed; returns the list of what is wrong."""
    compilers = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    if not compilers:
        return ["no compiler found"]
    problems = []
    with tempfile.TemporaryDirectory() as include_directory:
        (pathlib.Path(include_directory) / "slabproof").symlink_to(impl.resolve())
        for compiler in compilers:
            problem = check(compiler, flags, source, include_directory, expect_message)
            if problem:
                problems.append(f"{compiler}: {problem}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--expect-message", required=True)
    parser.add_argument("--impl", type=pathlib.Path, default=pathlib.Path("impl/slabproof"))
    parser.add_argument("flags", nargs="*")
    arguments = parser.parse_args()
    problems = check_all(
        arguments.flags, arguments.source, arguments.impl, arguments.expect_message
    )
    for problem in problems:
        print(f"{arguments.source.name}: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
