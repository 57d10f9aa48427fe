"""The trust base: everything that the evidence takes for granted, on one page.

`./verify docs` writes the page, proofs/TRUST_BASE.md. By hand, from the root of the tree:

    python3 -m proofs.evidence.trust_base            prints it
    python3 -m proofs.evidence.trust_base --write    writes it

Whoever relies on something says so next to it, in a comment of the source or in a page of proofs/:

    TRUSTED[kernel.zero_pages]: what is taken for granted, and what would follow if it were false.
    Shown by //tests:backing_test BackingTest.FreshPagesAreZero.

The text runs to the next empty line, or to the end of the comment. "Shown by" is for what a test
makes plausible; target and cases must exist, and so must the parameter of a case (Suite.Name/Large).
"""

import dataclasses
import re
import sys

from proofs.evidence.tree import Tree, workspace_root

PAGE = "proofs/TRUST_BASE.md"
GROUPS = {
    "compiler": "Compilers and libraries",
    "kernel": "The operating system",
    "relacy": "The memory model of the checker",
    "reduction": "The reduction",
    "oracle": "What is checked",
    "coq": "The proofs",
    "tools": "The machinery of the evidence",
}
_DIRECTORIES = ("impl", "model", "tests", "fuzz", "proofs", "tools")
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


def _comment_lines(text, start, is_prose):
    """The lines of the comment, or paragraph, that begins at `start`, without its decoration."""
    first, *rest = text[start:].split("\n")
    yield first.partition("*)")[0]
    if "*)" in first:
        return
    for line in rest:
        content = _COMMENT_PREFIX.sub("", line, count=1)
        is_comment = is_prose or line.strip().startswith(("//", "#"))
        if not is_comment or not content.strip() or _ANY_MARKER.match(content):
            return
        yield content.partition("*)")[0]
        if "*)" in content:
            return


def read_items(file, text):
    """The items that one file declares."""
    is_prose = file.endswith((".md", ".v", ".ml"))
    items = []
    for match in _MARKER.finditer(text):
        content = " ".join(line.strip() for line in _comment_lines(text, match.end(), is_prose))
        shown_by = tuple(
            (target, tuple(re.findall(_CASE, cases)))
            for target, cases in _SHOWN_BY.findall(content)
        )
        items.append(Item(match.group(1), _SHOWN_BY.sub("", content).strip(), file, shown_by))
    return items


def collect(tree):
    """Every item of the tree, by group and name."""
    items = []
    for directory in _DIRECTORIES:
        for path in sorted((tree.root / directory).rglob("*")):
            file = str(path.relative_to(tree.root))
            if path.suffix in _SUFFIXES and path.is_file() and file != PAGE:
                items += read_items(file, path.read_text(errors="replace"))
    order = list(GROUPS)
    return sorted(items, key=lambda i: (order.index(i.group) if i.group in GROUPS else -1, i.name))


def _has_case(tree, target, case):
    """Whether a target has a case, Suite.Name, or Suite.Name/Parameter with a parameter of that name."""
    name, _, parameter = case.partition("/")
    sources = [tree.text(file) or "" for file in tree.target(target).files("srcs")]
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
            problems.append(f"{where}: not a name of the form group.name, group one of {groups}")
        if names.count(item.name) > 1:
            problems.append(f"{where} stands twice")
        if len(item.text.split()) < 5:
            problems.append(f"{where} does not say what is trusted")
        for target, cases in item.shown_by:
            if tree.target(target) is None:
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
        "What the evidence takes for granted, complete: whoever believes this page and the evidence report need believe",
        "nothing else. Generated from the `TRUSTED[...]` markers in the sources and in this directory by",
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


def main(arguments):
    if arguments not in ([], ["--write"]):
        print(__doc__, file=sys.stderr)
        return 2
    tree = Tree(workspace_root())
    items = collect(tree)
    problems = check(items, tree)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    if arguments:
        (tree.root / PAGE).write_text(render(items))
    else:
        print(render(items), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
