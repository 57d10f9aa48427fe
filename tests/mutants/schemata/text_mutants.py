"""Mutants that are a whole text each, of programs that are short and quick to build."""

import dataclasses


@dataclasses.dataclass
class TextMutant:
    """One change of one file; `text` is the whole of it. `killed_by` is empty where nobody noticed."""

    file: str
    line: int
    operator: str
    original: str
    replacement: str
    text: str
    occurrence: int = 0
    killed_by: str = ""

    @property
    def key(self):
        """As of a mutant of C++: stays the same when lines move."""
        return (self.file, "", self.operator, self.original, self.replacement, self.occurrence)


def numbered(mutants):
    """In the order of the text; those that differ in nothing but their place are numbered."""
    ordered = sorted(mutants, key=lambda each: each.line)
    seen = {}
    for each in ordered:
        each.occurrence = seen.setdefault(each.key[:-1], 0)
        seen[each.key[:-1]] += 1
    return ordered


def markdown(tried, arguments):
    """How many of each file died, and those that did not."""
    lines = ["| file | mutants tried | killed | equivalent | lived |", "|---|---|---|---|---|"]
    for file in dict.fromkeys(each.file for each in tried):
        of_file = [each for each in tried if each.file == file]
        killed = sum(bool(each.killed_by) for each in of_file)
        argued = sum(not each.killed_by and each.key in arguments for each in of_file)
        lines.append(f"| `{file}` | {len(of_file)} | {killed} | {argued} | {len(of_file) - killed - argued} |")
    lines += ["", "| where | operator | text | instead | |", "|---|---|---|---|---|"]
    for each in tried:
        if not each.killed_by:
            why = arguments[each.key].why if each.key in arguments else "**lived**"
            texts = " | ".join(f"`{_cell(text)}`" for text in (each.original, each.replacement))
            lines.append(f"| {each.file}:{each.line} | {each.operator} | {texts} | {why} |")
    return "\n".join(lines) + "\n"


def conclude(tried, arguments):
    """Prints what became of them; the exit code of the program."""
    lived = [each for each in tried if not each.killed_by and each.key not in arguments]
    print(f"mutants: of {len(tried)} tried: {sum(bool(each.killed_by) for each in tried)} killed, {len(lived)} lived")
    for each in lived:
        print(f"lived: {each.file}:{each.line}: {each.original} -> {each.replacement}")
    return 1 if lived else 0


def _cell(text):
    return " ".join(text.split()).replace("|", "\\|")[:90]
