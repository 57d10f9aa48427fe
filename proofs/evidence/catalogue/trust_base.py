"""The trust base: everything that the evidence takes for granted, on one page, proofs/TRUST_BASE.md.

`./verify docs` runs this module, which writes the page. What relies on an assumption declares it, in a
comment of the source or in a page of proofs/:

    TRUSTED[kernel.zero_pages]: what is taken for granted, and what would follow if it were false.
    Shown by //tests:backing_test BackingTest.FreshPagesAreZero.

The text runs to the next empty line, or to the end of the comment. "Shown by" is for what a test
makes plausible; target and cases must exist, and so must the parameter of a case (Suite.Name/Large).
"""

import dataclasses
import re
import sys

from proofs.evidence.catalogue.tree import Tree, workspace_root

PAGE = "proofs/TRUST_BASE.md"
GROUPS = {
    "compiler": "Compilers and libraries",
    "kernel": "The operating system",
    "relacy": "The memory model of the checker",
    "reduction": "The reduction",
    "graph": "The search of execution graphs",
    "states": "The search over states",
    "oracle": "What is checked",
    "coq": "The proofs",
    "tools": "The machinery of the evidence",
}
_SUFFIXES = {".h", ".cc", ".v", ".ml", ".bzl", ".sh", ".md"}
_MARKER = re.compile(r"TRUSTED\[([^\]\n]*)\]:\s*")
_ANY_MARKER = re.compile(r"\b[A-Z]{3,}\[[\w.]*\]")
_NAME = re.compile(r"[a-z]+\.[a-z0-9_]+")
_COMMENT_PREFIX = re.compile(r"^\s*(?:///?|#|\(\*+|\*|[-*] )?[ \t]*")
_CASE = r"[A-Za-z]\w*\.\w+(?:/\w+)?"
_SHOWN_BY = re.compile(rf"\s*Shown by (//[\w/]+:\w+)((?:,? {_CASE})*)\.")


@dataclasses.dataclass(frozen=True)
class Item:
    """One thing that is taken for granted."""

    name: str
    text: str
    file: str
    shown_by: tuple  # (target, cases)

    @property
    def group(self):
        return self.name.partition(".")[0]


def _comment_lines(text, is_prose):
    """The lines of the comment, or paragraph, that `text` begins with, without its decoration."""
    first, *rest = text.partition("*)")[0].split("\n")
    yield first
    for line in rest:
        content = _COMMENT_PREFIX.sub("", line, count=1)
        is_comment = is_prose or line.strip().startswith(("//", "#"))
        if not is_comment or not content.strip() or _ANY_MARKER.match(content):
            return
        yield content


def read_items(file, text):
    """The items that one file declares."""
    is_prose = file.endswith((".md", ".v", ".ml"))
    items = []
    for match in _MARKER.finditer(text):
        content = " ".join(line.strip() for line in _comment_lines(text[match.end() :], is_prose))
        shown_by = tuple(
            (target, tuple(re.findall(_CASE, cases)))
            for target, cases in _SHOWN_BY.findall(content)
        )
        items.append(Item(match.group(1), _SHOWN_BY.sub("", content).strip(), file, shown_by))
    return items


def collect(tree):
    """Every item of the tree, by group and name."""
    items = []
    for file, text in tree.files(_SUFFIXES):
        items += read_items(file, text) if file != PAGE else []
    order = list(GROUPS)
    return sorted(items, key=lambda i: (order.index(i.group) if i.group in GROUPS else -1, i.name))


def _has_case(tree, target, case):
    """Whether a target has a case, Suite.Name, or Suite.Name/Parameter with a parameter of that name."""
    name, _, parameter = case.partition("/")
    sources = tree.sources(target).values()
    return name in tree.cases(target) and (
        not parameter or any(f'"{parameter}"' in source for source in sources)
    )


def check(items, tree):
    """What is wrong with the items."""
    problems = []
    names = [item.name for item in items]
    for item in items:
        where = f"{item.file}: TRUSTED[{item.name}]"
        if not _NAME.fullmatch(item.name) or item.group not in GROUPS:
            groups = ", ".join(GROUPS)
            problems.append(f"{where}: the name must be group.name, where group is one of {groups}")
        if names.count(item.name) > 1:
            problems.append(f"{where} is declared twice")
        if len(item.text.split()) < 5:
            problems.append(f"{where} does not say what is trusted")
        for target, cases in item.shown_by:
            if not tree.has_target(target):
                problems.append(f"{where}: no such target: {target}")
            else:
                absent = [case for case in cases if not _has_case(tree, target, case)]
                problems += [f"{where}: {target} has no case {case}" for case in absent]
    return problems


def render(items):
    """The page."""
    lines = [
        "# The trust base",
        "",
        "Everything that the evidence takes for granted. A reader who accepts this page and the evidence report has to",
        "accept nothing else. Generated from the `TRUSTED[...]` markers in the sources and in this directory by",
        "`./verify docs`; a test fails when it is stale.",
    ]
    for group, title in GROUPS.items():
        of_group = [item for item in items if item.group == group]
        if not of_group:
            continue
        lines += ["", f"## {title}", ""]
        lines += ["| what | taken for granted | shown by | said in |", "|---|---|---|---|"]
        for item in of_group:
            shown = "; ".join(
                " ".join([f"`{target}`", ", ".join(f"`{case}`" for case in cases)]).strip()
                for target, cases in item.shown_by
            )
            text = item.text.replace("|", "\\|")
            lines.append(
                f'| <a id="{item.name}"></a>`{item.name}` | {text} | {shown or "-"} '
                f"| [{item.file}](../{item.file}) |"
            )
    return "\n".join(lines) + "\n"


def main():
    tree = Tree(workspace_root())
    items = collect(tree)
    problems = check(items, tree)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        (tree.root / PAGE).write_text(render(items))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
