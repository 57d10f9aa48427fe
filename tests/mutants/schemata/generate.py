#!/usr/bin/env python3
"""Headers in, headers with all their mutants out, and a list of the mutants: what Bazel runs as a build action.

    generate.py --out DIRECTORY --list MUTANTS.json [--namespace NAME] [--of HEADERS] [--operators NAMES] [--sample N]
        [--probe SOURCE]... [--flag=FLAG]... HEADER...

A mutant whose switch does not compile loses the switch: it is in the list with the compiler's reason, and `own_build.py`
tries it alone. What is compiled to find these are the probes, sources that use the headers.
"""

import argparse
import concurrent.futures
import json
import pathlib
import sys

from tests.mutants.schemata import compiled, operators, rewrite, statements, syntax
from tests.mutants.schemata.mutant import Mutant, numbered, one_line
from tools import make_mutant


def mutants_of(paths, root=None, jobs=1):
    """All mutants of the files, without numbers; `root` as of `syntax.parse`. Sources are parsed in so many processes."""
    headers = [path for path in paths if path.suffix == ".h"]
    together = [headers] if headers else []
    groups = together + [[path] for path in paths if path.suffix != ".h"]
    if jobs == 1:
        found = [_of_group(group, root) for group in groups]
    else:
        with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
            found = list(pool.map(_of_group, groups, [root] * len(groups)))
    return [mutant for group in found for mutant in group]


def _of_group(paths, root):
    return [mutant for header in syntax.parse(paths, root) for mutant in _of_header(header)]


def _of_header(header):
    for node, around in header.nodes():
        if not around.function:
            continue
        for operator, edits, replacement in _proposals(header, node, around):
            begin, end = min(each.begin for each in edits), max(each.end for each in edits)
            if operator == "lock":
                begin, end = edits[0].begin, max(edits[0].end, begin)
            line, column = header.place(begin)
            constant = around.constant or syntax.is_compile_time_if(header, node)
            yield Mutant(
                file=header.name,
                line=line,
                column=column,
                function=around.function,
                operator=operator,
                original=one_line(header.text[begin:end]),
                replacement=one_line(replacement),
                edits=edits,
                has_switch=not constant,
                run_time=around.run_time,
                why_none="must be a constant" if constant else "",
            )


def _proposals(header, node, around):
    yield from operators.proposals(header, node, around)
    yield from statements.proposals(header, node)


def in_namespace(name):
    """Moves a header into an inline namespace: what is linked with it may have the shipped headers too."""
    return lambda text: make_mutant.separate_namespace(text, name) if name else text


def sample(mutants, count):
    """Evenly spread over all: the same as long as the headers are."""
    if count >= len(mutants):
        return mutants
    return [mutants[i * len(mutants) // count] for i in range(count)]


def write(directory, headers, mutants, change):
    """The tree of headers; its name in includes is slabproof/."""
    write_switch(directory)
    for header in headers:
        write_file(directory / header.name, header, mutants, change)


def write_switch(directory):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / rewrite.SWITCH).write_text(rewrite.switch_text())


def write_file(target, file, mutants, change):
    """One file with its mutants."""
    text = file.read_bytes().decode("latin-1")
    of_file = [each for each in mutants if each.file == file.name and each.has_switch]
    if of_file:
        text = rewrite.schemata(text, of_file)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(change(text).encode("latin-1"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="directory of the headers, named slabproof")
    parser.add_argument("--list", type=pathlib.Path, required=True, help="the mutants, as JSON")
    parser.add_argument("--namespace", default="", help="inline namespace that the headers move into")
    parser.add_argument("--sample", type=int, help="so many mutants, evenly spread, instead of all")
    parser.add_argument("--of", default="", help="of these headers only, separated by commas")
    parser.add_argument("--operators", default="", help="by these operators only, separated by commas")
    parser.add_argument("--probe", action="append", default=[], help="a source to compile against the result")
    parser.add_argument("--flag", action="append", default=[], help="of the compiler, for the probes")
    parser.add_argument("headers", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()

    mutants = numbered(mutants_of(arguments.headers))
    if arguments.of:
        mutants = [each for each in mutants if each.file in arguments.of.split(",")]
    if arguments.operators:
        mutants = [each for each in mutants if each.operator in arguments.operators.split(",")]
    if arguments.sample:
        mutants = sample([each for each in mutants if each.has_switch], arguments.sample)
    change = in_namespace(arguments.namespace)

    def rewritten():
        write(arguments.out, arguments.headers, mutants, change)

    rewritten()
    try:
        compiled.leave_out_what_fails(mutants, arguments.headers, arguments.probe, arguments.flag, arguments.out, rewritten)
    except compiled.CompileError as error:
        print(f"generate: {error}", file=sys.stderr)
        return 1
    arguments.list.write_text(json.dumps([each.to_json() for each in mutants], indent=0) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
