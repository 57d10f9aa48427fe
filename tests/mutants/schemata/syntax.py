"""The parsed headers: libclang's tree, and what stands around each node.

A template is read as it is written, once. What depends on its parameters has no type there: an operator proposes what may
turn out not to compile.
"""

import dataclasses
import pathlib
import re

from clang import cindex
from clang.cindex import CursorKind as Kind

FUNCTIONS = {Kind.CXX_METHOD, Kind.FUNCTION_DECL, Kind.CONSTRUCTOR, Kind.DESTRUCTOR, Kind.FUNCTION_TEMPLATE,
             Kind.CONVERSION_FUNCTION}  # fmt: skip
_CLASSES = {Kind.CLASS_DECL, Kind.STRUCT_DECL, Kind.CLASS_TEMPLATE, Kind.CLASS_TEMPLATE_PARTIAL_SPECIALIZATION}
# Nothing in them runs.
_NOT_RUN = {Kind.STATIC_ASSERT, Kind.CONCEPT_DECL, Kind.REQUIRES_EXPR, Kind.TYPE_ALIAS_DECL, Kind.TYPEDEF_DECL,
            Kind.TYPE_ALIAS_TEMPLATE_DECL, Kind.FRIEND_DECL}  # fmt: skip
_VARIABLES = {Kind.VAR_DECL, Kind.FIELD_DECL, Kind.DECL_STMT}
_CONSTANT = re.compile(r"\b(?:constexpr|consteval)\b")
# An expression after these belongs to a declaration and does not run.
_BEFORE_NOT_RUN = re.compile(r"(?:\bnoexcept\s*\(|\brequires\b\s*\(?|\balignas\s*\(|\bexplicit\s*\()\s*$")


class ParseError(Exception):
    """A header does not parse."""


@dataclasses.dataclass(frozen=True)
class Around:
    """What stands around a node."""

    function: str = ""
    parent: object = None
    constant: bool = True  # it must be a constant, or belongs to no function
    run_time: bool = False  # it may be a constant: it is in a constexpr function or a class
    negated: bool = False  # it is the whole of a condition, of which there is a negation


class Header:
    """One header: its text, and its nodes with what is around them."""

    def __init__(self, path, unit):
        # One character a byte, as libclang counts.
        self.text = path.read_bytes().decode("latin-1")
        self.name = path.name
        self._path = str(path)
        self._unit = unit

    def span(self, node):
        return node.extent.start.offset, node.extent.end.offset

    def source(self, node):
        begin, end = self.span(node)
        return self.text[begin:end]

    def place(self, offset):
        """(line, column) of an offset, from 1."""
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)

    def nodes(self):
        """(node, around) of all that runs."""
        for node in self._unit.cursor.get_children():
            if node.location.file is not None and node.location.file.name == self._path and self._is_here(node):
                yield from self._walk(node, Around())

    def _walk(self, node, around):
        if node.kind in _NOT_RUN:
            return
        yield node, around
        condition = condition_of(self, node)
        for child in filter(self._is_here, node.get_children()):
            yield from self._walk(child, self._around_child(node, child, around, condition))

    def _is_here(self, node):
        """Whether it is written here, and not by a macro or by the compiler."""
        begin, end = self.span(node)
        start = node.extent.start
        return start.file is not None and start.file.name == self._path and begin < end

    def _around_child(self, node, child, around, condition):
        change = {"parent": node, "negated": False}
        if node.kind in (Kind.VAR_DECL, Kind.ENUM_DECL) and not around.function:
            change["function"] = node.spelling
        if node.kind in _CLASSES:
            change["function"] = node.spelling.split("<")[0]
        if child.kind in FUNCTIONS:
            owner = child.semantic_parent
            change["function"] = f"{owner.spelling.split('<')[0]}::{_simple(child)}" if owner and owner.spelling else _simple(child)
        elif node.kind in FUNCTIONS:
            change.update(self._of_function(node, child))
        if node.kind in _VARIABLES and _CONSTANT.search(self._head(node)):
            change["constant"] = True
        elif node.kind == Kind.FIELD_DECL:
            change |= {"constant": False, "run_time": True}
        elif node.kind in (Kind.ENUM_CONSTANT_DECL, Kind.PARM_DECL):
            change["constant"] = True
        elif node.kind == Kind.CASE_STMT and child == next(node.get_children(), None):
            change["constant"] = True
        if condition is not None and child == condition:
            change["negated"] = True
            if is_compile_time_if(self, node):
                change["constant"] = True
        if self._is_template_argument(child):
            change["constant"] = True
        return dataclasses.replace(around, **change)

    def _of_function(self, node, child):
        is_body = child.kind == Kind.COMPOUND_STMT
        before = self.text[max(0, self.span(child)[0] - 40) : self.span(child)[0]]
        runs = is_body or (
            node.kind in (Kind.CONSTRUCTOR, Kind.FUNCTION_TEMPLATE) and not _BEFORE_NOT_RUN.search(before)
        )
        return {"constant": not runs, "run_time": bool(_CONSTANT.search(self._head(node)))}

    def _head(self, node):
        """A declaration up to its body or its value."""
        body = next((child for child in node.get_children() if child.kind == Kind.COMPOUND_STMT), None)
        begin, end = self.span(node)
        text = self.text[begin : self.span(body)[0] if body else end]
        return text if body else re.split(r"[={]", text)[0]

    def _is_template_argument(self, node):
        begin, end = self.span(node)
        is_first = self.text[begin - 1] == "<" and self.text[begin - 2] not in "< "
        return is_first or re.match(r">(?![>=])[({:]", self.text[end : end + 2]) is not None


def _simple(node):
    return node.spelling.split("<")[0] if not node.spelling.startswith("operator") else node.spelling


def is_compile_time_if(header, node):
    return node.kind == Kind.IF_STMT and re.match(r"if\s+constexpr\b", header.source(node)) is not None


def condition_of(header, node):
    """The condition of a statement or of `?:`; None where it declares a variable, or there is none."""
    children = list(node.get_children())
    if node.kind == Kind.CONDITIONAL_OPERATOR:
        return children[0] if len(children) == 3 else None
    if node.kind == Kind.DO_STMT:
        return children[-1]
    if node.kind == Kind.FOR_STMT:
        return _condition_of_for(header, node, children)
    if node.kind in (Kind.IF_STMT, Kind.WHILE_STMT):
        if children and children[0].kind == Kind.DECL_STMT:
            children = children[1:]
        first = children[0] if children else None
        return first if first is not None and first.kind.is_expression() else None
    return None


def _condition_of_for(header, node, children):
    begin = header.span(node)[0]
    first = header.text.index(";", begin)
    second = header.text.index(";", first + 1)
    return next((each for each in children if first < header.span(each)[0] <= header.span(each)[1] <= second), None)


def parse(paths, root=None):
    """The files: headers, which include one another as "slabproof/NAME" or by their place below `root`, and sources."""
    paths = [pathlib.Path(path).absolute() for path in paths]
    headers = [path for path in paths if path.suffix == ".h"]
    include = [headers[0].parent.parent] if root is None else [root.absolute(), root.absolute() / "impl"]
    flags = ["-x", "c++", "-std=c++23", *(f"-I{each}" for each in include)]
    units = {path: _parsed_together([path], flags) for path in paths if path not in headers}
    if headers:
        units |= dict.fromkeys(headers, _parsed_together(headers, flags))
    return [Header(path, units[path]) for path in paths]


def _parsed_together(paths, flags):
    main = "mutants.cc"
    text = "".join(f'#include "{path}"\n' for path in paths)
    unit = cindex.Index.create().parse(main, args=flags, unsaved_files=[(main, text)])
    errors = [str(each) for each in unit.diagnostics if each.severity >= cindex.Diagnostic.Error]
    if errors:
        raise ParseError("\n".join(errors))
    return unit
