"""What the rules about the source share: finding files, and telling code from comments."""

import os
import pathlib
import re

CXX_SUFFIXES = {".h", ".cc"}

# A quote between digits separates them and opens no character literal.
_COMMENT_OR_LITERAL = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'", re.DOTALL
)


def workspace_root():
    """The root of the real tree: the test's own data is a link into it."""
    return pathlib.Path("WORKSPACE").resolve().parent


def walk(root):
    """Every file of the tree, relative to `root`, but for what Bazel, git and `./verify` keep there."""
    for directory, subdirectories, names in os.walk(root):
        subdirectories[:] = sorted(
            name
            for name in subdirectories
            if name not in {".git", "__pycache__"}
            and pathlib.Path(directory, name) not in {root / "coverage", root / "out"}
            and not name.startswith("bazel-")
            and not pathlib.Path(directory, name).is_symlink()
        )
        for name in sorted(names):
            yield pathlib.Path(directory, name).relative_to(root)


def code_only(text):
    """The text with comments and literals blanked; lines keep their numbers."""
    return _COMMENT_OR_LITERAL.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def line_number(text, offset):
    return text.count("\n", 0, offset) + 1
