#!/usr/bin/env python3
"""Writes copies of the shipped headers, one of them with a deliberate error, in a namespace of their own.

    make_mutant.py --edits EDITS.json --header NAME --namespace NAME --out DIRECTORY HEADER...

EDITS.json is a list of [find, replace] pairs, applied in order to the header of that name. Each `find` must occur exactly once
in the text as it then stands, so that a mutant breaks loudly when the source it was made from moves
on. A run of white space in `find` matches any run of white space, so that reformatting the source
breaks nothing. The number of lines does not change: a trace of the mutant then names the lines of
the shipped file.

The namespace keeps the mutant's inline functions apart from the shipped ones when both are linked
into one program: the linker would otherwise keep one of the two, and the mutant might silently be
no mutant.
"""

import argparse
import json
import pathlib
import re
import sys


class MutantError(Exception):
    """The edit does not fit the source."""


def apply_edit(text, find, replace):
    """Replaces the only occurrence of `find`; MutantError if that is impossible or no change."""
    if not find.strip():
        raise MutantError("an edit must not look for an empty text")
    pattern = r"\s+".join(re.escape(word) for word in find.split())
    matches = list(re.finditer(pattern, text))
    if len(matches) != 1:
        raise MutantError(f"expected exactly one occurrence, found {len(matches)}, of:\n{find}")
    start, end = matches[0].span()
    if text[start:end].split() == replace.split():
        raise MutantError(f"the replacement changes nothing:\n{find}")
    lines = text.count("\n", start, end)
    if replace.count("\n") > lines:
        raise MutantError(f"the replacement has more lines than what it replaces:\n{replace}")
    return text[:start] + replace + "\n" * (lines - replace.count("\n")) + text[end:]


def separate_namespace(text, name):
    """Moves what the file puts into namespace slabproof into an inline namespace of it."""
    opening = r"\bnamespace slabproof\b(?=(::\w+)* \{)"
    return re.sub(opening, f"namespace slabproof::inline {name}", text)


def mutate(text, edits, namespace):
    for find, replace in edits:
        text = apply_edit(text, find, replace)
    return separate_namespace(text, namespace)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--edits", type=pathlib.Path, required=True, help="list of pairs, JSON")
    parser.add_argument("--header", required=True, help="file name of the one that is changed")
    parser.add_argument("--namespace", required=True, help="name of the inline namespace")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="directory of the copies")
    parser.add_argument("headers", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    all_edits = json.loads(arguments.edits.read_text())
    try:
        for header in arguments.headers:
            edits = all_edits if header.name == arguments.header else []
            mutant = mutate(header.read_text(), edits, arguments.namespace)
            (arguments.out / header.name).write_text(mutant)
    except MutantError as error:
        print(f"make_mutant: {arguments.header}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
