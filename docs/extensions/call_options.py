"""Show the options of a call as parameters: `**options: Unpack[SpeakOptions]` in full.

Griffe reads a `TypedDict`'s own fields alone; ours inherit, and their docstrings say what each
field means. `ossicle.pipeline.options.takes` does the same for `help()`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe


class CallOptionsExtension(griffe.Extension):
    """Replaces `**options: Unpack[...]` by one keyword-only parameter for each option."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Go through a package, once all of it is loaded."""
        for documented in _all(pkg):
            if documented.docstring is not None:  # the singular would be a box of prose
                value = documented.docstring.value
                documented.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", value)
            if not isinstance(documented, griffe.Function):
                continue
            function = documented
            for parameter in list(function.parameters):
                options = _options_class(parameter)
                if options is not None:
                    _unfold(function, parameter, options)


def _all(scope: griffe.Object) -> Iterator[griffe.Object]:
    """An object and what is defined in it, to any depth."""
    yield scope
    for member in scope.members.values():
        if isinstance(member, griffe.Object):  # an alias has its place elsewhere
            yield from _all(member)


def _options_class(parameter: griffe.Parameter) -> griffe.Class | None:
    """The `TypedDict` of a parameter `**name: Unpack[TypedDict]`, else `None`."""
    annotation = parameter.annotation
    if parameter.kind is not griffe.ParameterKind.var_keyword:
        return None
    if not isinstance(annotation, griffe.ExprSubscript) or str(annotation.left) != "Unpack":
        return None
    named = annotation.slice
    assert isinstance(named, griffe.Expr)
    assert parameter.function is not None
    found = parameter.function.modules_collection[named.canonical_path]
    target = found.final_target if isinstance(found, griffe.Alias) else found
    assert isinstance(target, griffe.Class)
    return target


def _fields(options: griffe.Class) -> dict[str, tuple[griffe.Attribute, str]]:
    """Each field with what is said of it; a base's come first, as they do at run time."""
    found: dict[str, tuple[griffe.Attribute, str]] = {}
    for kind in (*reversed(options.mro()), options):
        said: dict[str, str] = {}
        for section in kind.docstring.parse("google") if kind.docstring else ():
            if section.kind is griffe.DocstringSectionKind.attributes:
                said |= {one.name: one.description for one in section.value}
        for name, field in kind.members.items():
            assert isinstance(field, griffe.Attribute)
            found[name] = (field, said[name])  # a field that nobody describes stops the build
    return found


def _unfold(function: griffe.Function, whole: griffe.Parameter, options: griffe.Class) -> None:
    del function.parameters[whole.name]
    rows = ""
    for name, (field, said) in _fields(options).items():
        function.parameters.add(
            griffe.Parameter(
                name,
                annotation=field.annotation,
                kind=griffe.ParameterKind.keyword_only,
                default="..." if name in ("output", "task") else "None",
            )
        )
        rows += f"    {name}: {' '.join(said.split())}\n"
    if function.docstring is None:
        return
    head, args, rest = function.docstring.value.partition("Args:\n")
    if args:
        fixed, gap, after = rest.partition("\n\n")
        function.docstring.value = f"{head}Args:\n{fixed.rstrip()}\n{rows.rstrip()}{gap}{after}"
    else:
        first, _, after = head.partition("\n")
        function.docstring.value = f"{first}\n\nArgs:\n{rows.rstrip()}\n\n{after.strip()}"
