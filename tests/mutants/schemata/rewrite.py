"""One text with all mutants of a header, each behind the switch; and the text with one mutant alone."""

import dataclasses
import pathlib
import re

SWITCH = "mutant_switch.h"
# Mutants give rise to warnings, and warnings are errors.
_QUIET = "#pragma GCC system_header"
_GUARD = re.compile(r"const LockGuard (\w+)\((.*)\);", re.DOTALL)


class Overlap(Exception):
    """The mutant's edits begin in one node and end in another."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def switch_text():
    return pathlib.Path(__file__).with_name("switch.h").read_text()


@dataclasses.dataclass
class _Site:
    """A range of the text with all that may stand there instead: (mutant, edit)."""

    begin: int
    end: int
    form: str
    choices: list
    inner: list = dataclasses.field(default_factory=list)


def schemata(text, mutants):
    """The header with these mutants, which must have switches. Each line keeps its number in the compiler's messages."""
    return marked(text, mutants)[0]


def marked(text, mutants):
    """(the header as `schemata` makes it, [(mutant's number, begin, end)]): where in the result, without what stands before
    line 1, an error comes from which mutant; of several ranges around an error, from the smallest.
    """
    body, marks = _rendered(text, 0, len(text), _nested(_sites(mutants)))
    return f'{_QUIET}\n#include "slabproof/{SWITCH}"\n#line 1\n{body}', marks


def body_of(schemata_text):
    return schemata_text.split("#line 1\n", 1)[1]


def single(text, mutant):
    """The header with this mutant alone, without a switch."""
    for edit in sorted(mutant.edits, reverse=True):
        text = text[: edit.begin] + _one_line(edit.text) + text[edit.end :]
    return f"{_QUIET}\n#line 1\n{text}"


def _outer_form(form):
    """Mutants of one range and one of these groups share a site."""
    return {"condition": "value", "late": "guard", "early": "guard"}.get(form, form)


def _sites(mutants):
    sites = {}
    for mutant in mutants:
        for edit in mutant.edits:
            form = _outer_form(edit.form)
            site = sites.setdefault((edit.begin, edit.end, form), _Site(edit.begin, edit.end, form, []))
            site.choices.append((mutant, edit))
    # A statement is around the expression of the same range.
    return sorted(sites.values(), key=lambda each: (each.begin, each.end != each.begin, -each.end, each.form != "statement"))


def _nested(sites):
    """The sites as a tree, by their ranges."""
    roots, open_sites = [], []
    for site in sites:
        while open_sites and open_sites[-1].end <= site.begin:
            open_sites.pop()
        if open_sites and site.end > open_sites[-1].end:
            raise Overlap(site.choices[0][0].number)
        (open_sites[-1].inner if open_sites else roots).append(site)
        if site.begin != site.end:
            open_sites.append(site)
    return roots


class _Text:
    """A text that grows, and who owns which part of it."""

    def __init__(self):
        self.parts, self.size, self.marks = [], 0, []

    def add(self, text):
        self.parts.append(text)
        self.size += len(text)

    def add_own(self, number, text):
        self.marks.append((number, self.size, self.size + len(text)))
        self.add(text)

    def add_rendered(self, rendered):
        text, marks = rendered
        self.marks += [(number, begin + self.size, end + self.size) for number, begin, end in marks]
        self.add(text)


def _rendered(text, begin, end, sites):
    out = _Text()
    for site in sites:
        out.add(text[begin : site.begin])
        _render_site(out, text, site)
        begin = site.end
    out.add(text[begin:end])
    return "".join(out.parts), out.marks


def _switch(mutant):
    name = "on_at_run_time" if mutant.run_time else "on"
    return f"::slabproof_mutation::{name}({mutant.number})"


def _one_line(text):
    """An alternative adds no lines: those of the shipped text keep their numbers."""
    lines = [line.split("//")[0] if '"' not in line else line for line in text.split("\n")]
    return " ".join(lines)


def _render_site(out, text, site):
    start = out.size
    inner = _rendered(text, site.begin, site.end, site.inner)
    if site.form == "value":
        is_bool = any(edit.form == "condition" for _, edit in site.choices)
        wrap = "static_cast<bool>(%s)" if is_bool else "(%s)"
        out.add("(")
        for mutant, edit in site.choices:
            out.add_own(mutant.number, f"{_switch(mutant)} ? {wrap % _one_line(edit.text)} : ")
        before, after = wrap.split("%s")
        out.add(before)
        out.add_rendered(inner)
        out.add(after + ")")
    elif site.form == "statement":
        for mutant, _ in site.choices:
            out.add_own(mutant.number, f"if ({_switch(mutant)}) {{}} else ")
        out.add_rendered(inner)
    elif site.form == "guard":
        shipped = text[site.begin : site.end]
        name, argument = _GUARD.fullmatch(shipped).groups()
        unlocked = [f"!{_switch(mutant)}" for mutant, edit in site.choices if edit.form != "early"]
        is_locked = " && ".join(unlocked) or "true"
        out.add(f"const ::slabproof_mutation::Guard {name}({argument}, {is_locked});")
    else:
        for mutant, edit in site.choices:
            out.add(f" if ({_switch(mutant)}) {edit.text} ")
    # An error of the whole is an error of some choice.
    out.marks += [(mutant.number, start, out.size) for mutant, _ in site.choices]
