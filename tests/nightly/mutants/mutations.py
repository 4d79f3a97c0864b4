"""Mechanical faults: every small change of a module that could be somebody's mistake."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_FLIPS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_NEAR: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
_SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Div: ast.Mult,
}  # fmt: skip

Change = Callable[[ast.AST], list[tuple[str, ast.AST | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change.

    Attributes:
        module: Short name of the module.
        place: Name of the function or class around it.
        kind: What was done.
        before: The code as it was.
        after: The code as it is.
        source: The whole module with the change.
    """

    module: str
    place: str
    kind: str
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """The same as long as the code around it is."""
        return f"{self.module}.{self.place}: {self.kind}: {self.before} -> {self.after}"


def mutations(module: str, source: str) -> Iterator[Mutation]:
    """All changes of a module, in the order of its code; each name comes once."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    places = _places(tree)
    seen: set[str] = set()
    for number, node in enumerate(nodes):
        for kind, replacement in _changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            if not _replace(changed, target, replacement):
                continue
            mutation = Mutation(
                module=module, place=places.get(id(node), "module"), kind=kind,
                before=_words(node), after=_words(replacement),
                source=ast.unparse(ast.fix_missing_locations(changed)),
            )  # fmt: skip
            if mutation.before != mutation.after and mutation.name not in seen:
                seen.add(mutation.name)
                yield mutation


def _words(node: ast.AST | None) -> str:
    return "nothing" if node is None else " ".join(ast.unparse(node).split())[:160]


def _places(tree: ast.AST) -> dict[int, str]:
    found: dict[int, str] = {}

    def visit(node: ast.AST, place: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = place
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{place}.{child.name}".removeprefix(".")
            found[id(child)] = inner or "module"
            visit(child, inner)

    visit(tree, "")
    return found


def _replace(tree: ast.AST, target: ast.AST, replacement: ast.AST | None) -> bool:
    """Put the replacement into the target's place; a statement that goes leaves `pass`."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target and replacement is not None:
                setattr(parent, name, replacement)
                return True
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is target:
                        value[index] = replacement or ast.Pass()
                        return True
    return False


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    match node:
        case ast.Compare(ops=[op]):
            for table, kind in ((_FLIPS, "comparison flipped"), (_NEAR, "off by one")):
                if type(op) in table:
                    yield kind, _with(node, ops=[table[type(op)]()])
        case ast.BoolOp(op=op):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield "and/or swapped", _with(node, op=other)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not dropped", operand
        case ast.BinOp(op=op) if type(op) in _SUMS and not isinstance(node.left, ast.Constant):
            yield "operator changed", _with(node, op=_SUMS[type(op)]())
        case ast.Constant(value=bool(value)):
            yield "constant changed", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield "constant changed", ast.Constant(value + 1)
        case ast.IfExp():
            yield "branches swapped", _with(node, body=node.orelse, orelse=node.body)
        case ast.Await():
            yield "await dropped", node.value
        case ast.Call() if node.keywords:
            yield from _without_keywords(node)
        case ast.stmt():
            yield from _statements(node)


def _without_keywords(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    for keyword in node.keywords:
        if keyword.arg is not None:
            rest = [other for other in node.keywords if other is not keyword]
            yield f"argument {keyword.arg} dropped", _with(node, keywords=rest)


def _statements(node: ast.stmt) -> Iterator[tuple[str, ast.AST | None]]:
    match node:
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.Expr(value=ast.Yield()):
            yield "yield dropped", None
        case ast.Expr() | ast.AugAssign():
            yield "statement dropped", None
        case ast.Raise():
            yield "raise dropped", None
        case ast.Assign() if _is_attribute(node):
            yield "assignment dropped", None
        case ast.Return(value=value) if value is not None:
            yield "return of nothing", ast.Return(ast.Constant(None))
        case ast.If():
            yield "condition negated", _with(node, test=ast.UnaryOp(ast.Not(), node.test))
            yield "branch dropped", _with(node, test=ast.Constant(False))
        case ast.While():
            yield "loop dropped", _with(node, test=ast.Constant(False))
        case ast.Try() if node.finalbody:
            yield "finally dropped", _with(node, finalbody=[ast.Pass()])
        case ast.With() | ast.AsyncWith():
            yield "with dropped", ast.If(ast.Constant(True), node.body, [])


def _is_attribute(node: ast.Assign) -> bool:
    """Locals that are not assigned any more are a NameError, which proves nothing."""
    return all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return copy.deepcopy(changed)
