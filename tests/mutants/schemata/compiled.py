"""Leaves out the mutants whose switches do not compile, all at once, by the places of the compiler's errors."""

import pathlib
import re
import subprocess

from tests.mutants.schemata import rewrite

_LINE = re.compile(r"(\S+?):(\d+):(\d+): (.*)")
_ERROR = re.compile(r"(?:fatal )?error: ")
# Each round takes out what the round before hid.
_MOST_ROUNDS = 12


class CompileError(Exception):
    """The compiler reports what belongs to no mutant."""


def errors_of(source, flags, root):
    """[(places, message)] of a source compiled against the headers in `root`/slabproof. Places are (header's name, line,
    column): where the error is, and then from where the compiler came to what it instantiated, the nearest first.
    """
    command = ["g++", "-fsyntax-only", "-w", "-fmax-errors=0", "-fno-diagnostics-show-caret", "-iquote", str(root), *flags, source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return parsed(done.stderr)


def parsed(output):
    """The errors of what the compiler printed."""
    errors, came_from = [], []
    for line in output.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        file, number, column, rest = match.groups()
        place = (pathlib.Path(file).name, int(number), int(column))
        if _ERROR.match(rest):
            errors.append(([place, *came_from], rest.split(": ", 1)[1]))
            came_from = []
        elif rest.lstrip().startswith(("required from", "in ")):
            came_from.append(place)
        elif rest.startswith("note: ") and errors and not came_from:
            errors[-1][0].append(place)
    if not errors:
        raise CompileError(output[:4000])
    return errors


def take_out_failing(mutants, files, output):
    """Takes the switch from each mutant of the files that these errors of a compiler belong to."""
    texts = {file.name: file.read_bytes().decode("latin-1") for file in files}
    errors = parsed(output)
    if not _take_out(mutants, texts, errors):
        raise CompileError(f"an error of no mutant: {errors[0]}")


def leave_out_what_fails(mutants, headers, probes, flags, out, rewritten):
    """Takes the switch from each mutant that makes a probe fail. `rewritten` writes the headers anew."""
    texts = {header.name: header.read_bytes().decode("latin-1") for header in headers}
    for probe in probes:
        for _ in range(_MOST_ROUNDS):
            errors = errors_of(probe, flags, out.parent)
            if not errors:
                break
            if not _take_out(mutants, texts, errors):
                raise CompileError(f"{probe}: an error of no mutant: {errors[0]}")
            rewritten()
        else:
            raise CompileError(f"{probe}: still does not compile after {_MOST_ROUNDS} rounds")


def _take_out(mutants, texts, errors):
    """Whether any of the errors belongs to a mutant."""
    numbered = {each.number: each for each in mutants}
    maps = {}
    is_any = False
    for places, message in errors:
        for file, line, column in places:
            if file not in texts:
                continue
            if file not in maps:
                maps[file] = _Map(texts[file], [each for each in mutants if each.file == file and each.has_switch])
            guilty = maps[file].owners(line, column)
            for number in guilty:
                if numbered[number].has_switch:
                    numbered[number].has_switch, numbered[number].why_none = False, message
            is_any = is_any or bool(guilty)
            if guilty:
                break
    return is_any


class _Map:
    """Which mutants own which places of a header."""

    def __init__(self, text, mutants):
        schemata, self._marks = rewrite.marked(text, mutants)
        body = rewrite.body_of(schemata)
        self._starts = [0] + [i + 1 for i, each in enumerate(body) if each == "\n"]

    def owners(self, line, column):
        """The mutants whose own range is the smallest around a place; else those that begin on its line, for an error of
        arguments is reported at the name of what is called.
        """
        start = self._starts[min(line, len(self._starts)) - 1]
        offset = start + column - 1
        around = [(end - begin, number) for number, begin, end in self._marks if begin <= offset < end]
        if not around:
            stop = self._starts[line] if line < len(self._starts) else offset
            return {number for number, begin, end in self._marks if start <= begin < stop}
        smallest = min(around)[0]
        return {number for size, number in around if size == smallest}
