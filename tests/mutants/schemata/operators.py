"""Operators on expressions: which other expressions may stand in the place of one."""

import re

from clang.cindex import CursorKind as Kind

from tests.mutants.schemata import syntax
from tests.mutants.schemata.mutant import Edit

# At the edge; the opposite is the negation of a condition.
_SHIFTED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "&": "|", "|": "&", "^": "&", "<<": ">>", ">>": "<<",
               "+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "&=": "|=", "|=": "&=", "^=": "&=", "<<=": ">>=",
               ">>=": "<<="}  # fmt: skip
_LOGICAL = {"&&": "||", "||": "&&"}
_STEPS = {"++": "--", "--": "++"}
_WEAKER = {"acq_rel": ["acquire", "release"], "acquire": ["relaxed"], "release": ["relaxed"],
           "seq_cst": ["acq_rel", "acquire", "release"]}  # fmt: skip
_OPERATIONS = {Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR, Kind.CALL_EXPR}


def proposals(header, node, around):
    """(operator, edits, what it is replaced by) of each mutant of an expression."""
    kind = node.kind
    condition = syntax.condition_of(header, node)
    if condition is not None:
        yield from _condition(header, node, condition)
    if kind in _OPERATIONS:
        yield from _binary(header, node, around)
    if kind == Kind.UNARY_OPERATOR:
        yield from _unary(header, node, around)
    if kind == Kind.CALL_EXPR:
        yield from _arguments(header, node)
    if kind == Kind.INTEGER_LITERAL:
        yield from _integer(header, node)
    if kind == Kind.CXX_BOOL_LITERAL_EXPR:
        yield _value("constant", header, node, "false" if header.source(node) == "true" else "true")
    if kind == Kind.DECL_REF_EXPR and node.referenced is not None and node.referenced.kind == Kind.ENUM_CONSTANT_DECL:
        yield from _enumerator(header, node)


def _value(operator, header, node, text, form="value"):
    begin, end = header.span(node)
    return operator, [Edit(begin, end, text, form)], text


def _condition(header, node, condition):
    text = header.source(condition)
    yield _value("condition", header, condition, f"!({text})", "condition")
    if node.kind == Kind.IF_STMT and _leaves(header, node):
        yield _value("exit", header, condition, "false", "condition")


def _leaves(header, statement):
    """Whether all that an `if` does is to leave the function or the loop."""
    if syntax.is_compile_time_if(header, statement):
        return False
    branches = [each for each in statement.get_children() if each.kind.is_statement()]
    if len(branches) != 1:
        return False
    (branch,) = branches
    last = list(branch.get_children())[-1:] if branch.kind == Kind.COMPOUND_STMT else [branch]
    return bool(last) and last[0].kind in (Kind.RETURN_STMT, Kind.BREAK_STMT, Kind.CONTINUE_STMT)


def _operands(header, node):
    """(left, operator, right) as texts, or None."""
    if node.kind == Kind.CALL_EXPR:
        if not re.fullmatch(r"operator\W+", node.spelling):
            return None
        sides = list(node.get_arguments())
    else:
        sides = list(node.get_children())
    if len(sides) != 2:
        return None
    (begin, left_end), (right_begin, end) = map(header.span, sides)
    if not header.span(node)[0] <= begin < left_end <= right_begin < end <= header.span(node)[1]:
        return None
    operator = header.text[left_end:right_begin].strip()
    return header.text[begin:left_end], operator, header.text[right_begin:end]


def _binary(header, node, around):
    operands = _operands(header, node)
    if operands is None:
        return
    left, operator, right = operands
    if operator in _SHIFTED:
        yield _value("comparison", header, node, f"{left} {_SHIFTED[operator]} {right}")
    if operator in _OPPOSITE and not around.negated:
        yield _value("comparison", header, node, f"{left} {_OPPOSITE[operator]} {right}")
    if operator in _ARITHMETIC:
        yield _value("arithmetic", header, node, f"{left} {_ARITHMETIC[operator]} {right}")
    if operator in _LOGICAL:
        for text in (f"{left} {_LOGICAL[operator]} {right}", left, right):
            yield _value("logical", header, node, text, "condition")


def _unary(header, node, around):
    text = header.source(node)
    if text.startswith("!") and not around.negated:
        yield _value("condition", header, node, text[1:].strip(), "condition")
    if text.startswith("~") or text.startswith("-") and not text.startswith("--"):
        yield _value("arithmetic", header, node, text[1:].strip())
    for step, other in _STEPS.items():
        if text.startswith(step):
            yield _value("arithmetic", header, node, other + text[2:])
        elif text.endswith(step):
            yield _value("arithmetic", header, node, text[:-2] + other)


def _arguments(header, node):
    """Two neighbours are exchanged where their types are equal, or not known yet."""
    arguments = [each for each in node.get_arguments() if each is not None]
    begin, end = header.span(node)
    spans = [header.span(each) for each in arguments]
    inside = [(span, each) for span, each in zip(spans, arguments) if begin < span[0] < span[1] < end]
    for (first, a), (second, b) in zip(inside, inside[1:]):
        x, y = header.text[slice(*first)], header.text[slice(*second)]
        between = header.text[first[1] : second[0]]
        types = [each.type.get_canonical().spelling.removeprefix("const ") for each in (a, b)]
        is_known = all(types) and not any("dependent" in each for each in types)
        if header.text[second[1] :].startswith("...") or between.strip() != "," or x == y or is_known and types[0] != types[1]:
            continue
        if "memory_order" in x + y or x.startswith(("[", "{")) or y.startswith(("[", "{")):
            continue
        yield "arguments", [Edit(*first, y), Edit(*second, x)], f"{y}{between}{x}"


def _integer(header, node):
    text = header.source(node)
    digits = text.replace("'", "").rstrip("uUlLzZ")
    try:
        value = int(digits, 0)
    except ValueError:
        return
    changed = [f"({text} + 1)"] + (["0"] if value == 1 else [f"({text} - 1)"] if value > 1 else [])
    for each in changed:
        yield _value("constant", header, node, "1" if text == "0" else each)


def _enumerator(header, node):
    text, constant = header.source(node), node.referenced
    kind = constant.semantic_parent
    if not text.endswith(constant.spelling):
        return
    stem = text.removesuffix(constant.spelling)
    if kind.spelling == "memory_order":
        for weaker in _WEAKER.get(constant.spelling, []):
            yield _value("order", header, node, stem + weaker)
        return
    names = [each.spelling for each in kind.get_children() if each.kind == Kind.ENUM_CONSTANT_DECL]
    if len(names) > 1:
        following = names[(names.index(constant.spelling) + 1) % len(names)]
        yield _value("enumerator", header, node, stem + following)
