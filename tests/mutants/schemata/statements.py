"""Operators on statements: one is left out, a lock is not taken, taken late, or given back early."""

import re

from clang.cindex import CursorKind as Kind

from tests.mutants.schemata.mutant import Edit

_BODIES = {Kind.COMPOUND_STMT, Kind.IF_STMT, Kind.WHILE_STMT, Kind.DO_STMT, Kind.FOR_STMT, Kind.CXX_FOR_RANGE_STMT,
           Kind.CASE_STMT, Kind.DEFAULT_STMT}  # fmt: skip
_LEAVING = {Kind.BREAK_STMT, Kind.CONTINUE_STMT}
_GUARD = re.compile(r"const LockGuard (\w+)\((.*)\);", re.DOTALL)


def proposals(header, node):
    """(operator, edits, what it is replaced by) of each mutant of a statement that is a child of `node`."""
    if node.kind not in _BODIES:
        return
    for child in node.get_children():
        begin, end = header.span(child)
        is_expression = child.kind.is_expression() and header.text[end:].lstrip().startswith(";")
        if child.kind in _LEAVING or is_expression and _is_statement(header, node, begin):
            yield "statement", [Edit(begin, end, "", "statement")], ""
    if node.kind == Kind.COMPOUND_STMT:
        yield from _locks(header, list(node.get_children()))


def _is_statement(header, parent, begin):
    """Whether the expression at `begin` is a statement, and no part of the head of one."""
    before = re.sub(r"//[^\n]*", "", header.text[header.span(parent)[0] : begin]).rstrip()
    if parent.kind == Kind.COMPOUND_STMT:
        return before.endswith(("{", "}", ";", ":", "]"))
    if parent.kind == Kind.DO_STMT:
        return before.endswith(("do", "{"))
    # The head of a statement ends with a bracket that closes the first one.
    head = before[before.find("(") :] if "(" in before else ""
    is_after_head = head.count("(") == head.count(")") and before.endswith((")", "]", "else", "likely]]"))
    return before.endswith((":", "else")) or bool(head) and is_after_head


def _locks(header, statements):
    for place, statement in enumerate(statements):
        match = _GUARD.fullmatch(header.source(statement))
        if match is None:
            continue
        begin, end = header.span(statement)
        yield "lock", [Edit(begin, end, "", "guard")], "no lock"
        rest = statements[place + 1 :]
        if len(rest) < 2:
            continue
        after_next = _end(header, rest[0])
        yield ("lock", [Edit(begin, end, "", "late"), Edit(after_next, after_next, f"{match[1]}.lock();", "insert")],
               "locked after the next statement")  # fmt: skip
        before_last = header.span(rest[-1])[0]
        yield ("lock", [Edit(begin, end, "", "early"), Edit(before_last, before_last, f"{match[1]}.unlock();", "insert")],
               "unlocked before the last statement")  # fmt: skip


def _end(header, statement):
    """Behind a statement, with its semicolon."""
    end = header.span(statement)[1]
    if header.text[end - 1] in ";}":
        return end
    return header.text.index(";", end) + 1
