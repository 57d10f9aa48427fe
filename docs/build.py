"""Builds the pages: Doxygen reads the headers, Sphinx the Markdown. Every warning is an error.

    python3 -m docs.build --check CHECK [--out DIR]      where CHECK is the command, whose help is a page
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(*command, **environment):
    """Whether a command succeeds, at the root of the tree."""
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode == 0


def join_scripts(out):
    """Debian's furo leaves its script as a module, which a browser loads from no file: puts what it imports into it."""
    script = out / "_static/scripts/furo.js"
    first, _, rest = script.read_text().partition("\n")
    if first.startswith("import Gumshoe from"):
        script.write_text((script.parent / "gumshoe-patched.js").read_text() + rest)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", required=True, type=pathlib.Path, help="the command check, built")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "out/docs", help="where the pages go")
    options = parser.parse_args(arguments)

    out = options.out.resolve()
    work = out.parent / f"{out.name}.work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    work.mkdir(parents=True)
    help_text = subprocess.run([options.check.resolve(), "--help"], capture_output=True, text=True, check=True).stdout
    (work / "check_help.txt").write_text(help_text)
    doxygen = f"@INCLUDE = docs/Doxyfile\nOUTPUT_DIRECTORY = {work}\n"
    (work / "Doxyfile").write_text(doxygen)
    built = run("doxygen", str(work / "Doxyfile")) and run(
        "sphinx-build", "-W", "--keep-going", "-q", "-j", "auto", "-c", "docs", "-d", str(work / "doctrees"), ".", str(out),
        SLABPROOF_DOXYGEN_XML=str(work / "xml"), SLABPROOF_CHECK_HELP=str(work / "check_help.txt"),
    )  # fmt: skip
    if not built:
        return 1
    shutil.rmtree(work)
    join_scripts(out)
    (out / "index.html").write_text('<!DOCTYPE html><meta http-equiv="refresh" content="0; url=docs/index.html">\n')
    print(f"pages: {out}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
