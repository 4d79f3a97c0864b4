"""Pages of the site that are not files below `docs`: the repository's own, and the reference.

`README.md`, `plugins.md` and their like stay where people look for them in a repository. Links
between all of these are written as they work there; here they become links within the site, and a
link to source becomes plain text. A link to nothing stays one, which `--strict` refuses.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core"

REPOSITORY = {
    "index.md": "README.md",
    "plugins.md": "plugins.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog-fragments.md": "changelog.d/README.md",
    "security.md": "SECURITY.md",
    "changelog.md": "CHANGELOG.md",
}
"""Page of the site: file of the repository."""

PRIVATE = ("client", "pipeline")
"""Rooms whose public names `ossicle` itself exports."""

_LINK = re.compile(r"\[([^\]\n]*(?:\n[^\]\n]*)?)\]\(([^)\s#:]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)


def public_modules() -> list[str]:
    """Every module whose `__all__` is public, as the import contracts have it."""
    rooms = sorted(
        path.parent.name
        for path in (CORE / "ossicle").glob("*/__init__.py")
        if path.parent.name not in PRIVATE
    )
    testing = sorted(
        ".".join(path.parent.relative_to(CORE).parts)
        for path in (CORE / "ossicle_testing").rglob("__init__.py")
        if "__all__" in path.read_text(encoding="utf-8")
    )
    return ["ossicle", *(f"ossicle.{room}" for room in rooms), *testing]


def exported(module: str) -> dict[str, str]:
    """By public name of a module, the module that it is imported from; itself: defined there."""
    path = CORE.joinpath(*module.split(".")) / "__init__.py"
    homes: dict[str, str] = {}
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(home), names=found):
                homes |= {one.asname or one.name: home for one in found}
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                names = ast.literal_eval(value)
    return {name: homes.get(name, module) for name in names}


def reference_page(module: str) -> str:
    """The text of a page of the reference.

    Names that another public module exports too have their place there, and are linked to.
    """
    public = set(public_modules())
    homes = exported(module)
    linked = {name: home for name, home in homes.items() if home != module and home in public}
    lines = [f"# {module}", ""]
    if linked:
        lines += ["| name | documented with |", "|---|---|"]
        lines += [
            f'| <a id="{module}.{name}"></a>[`{name}`][{place_of(home, name)}] | `{home}` |'
            for name, home in linked.items()
        ]
        lines += [""]
    here = [name for name in homes if name not in linked]
    hidden = [name for name in here if place_of(module, name) != f"{module}.{name}"]
    shown = str(sorted(set(here) - set(hidden)) or "false")
    lines += [f"::: {module}", "    options:", f"      members: {shown}", ""]
    for name in hidden:
        lines += [f'<a id="{module}.{name}"></a>', "", f"::: {place_of(module, name)}"]
        lines += ["    options:", "      show_root_heading: true", ""]
    return "\n".join(lines)


def place_of(module: str, name: str) -> str:
    """The path under which the reference knows a name.

    Where a submodule has the same name, the reader of sources sees the module.
    """
    folder = CORE.joinpath(*module.split("."))
    is_hidden = (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()
    return f"{module}.{name}.{name}" if is_hidden else f"{module}.{name}"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for uri, source in REPOSITORY.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / source)))
    for module in public_modules():
        uri = f"reference/{module}.md"
        files.append(File.generated(config, uri, content=reference_page(module)))
    return files


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List what is in a folder where the navigation names it as `folder/*`."""
    config.nav = _expanded(config.nav, Path(config.docs_dir))
    return config


def _expanded(entry: Any, docs: Path) -> Any:
    if isinstance(entry, list):
        found = [_expanded(one, docs) for one in entry]
        return [one for each in found for one in (each if isinstance(each, list) else [each])]
    if isinstance(entry, dict):
        return {name: _expanded(one, docs) for name, one in entry.items()}
    if entry == "reference/*":
        return [{module: f"reference/{module}.md"} for module in public_modules()]
    if entry.endswith("/*"):
        folder = docs / entry.removesuffix("/*")
        pages = sorted(folder.glob("*.md"), key=lambda path: (path.stem != "README", path.stem))
        return [path.relative_to(docs).as_posix() for path in pages]
    return entry


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files of the repository into links within the site."""
    source = page.file.abs_src_path
    if source is None:
        return markdown
    places = {
        str(Path(file.abs_src_path).resolve()): file.src_uri
        for file in files
        if file.abs_src_path is not None
    }

    def link(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        path = (Path(source).parent / target).resolve()
        if str(path) in places:
            there = os.path.relpath(places[str(path)], Path(page.file.src_uri).parent)
            return f"[{text}]({Path(there).as_posix()}{anchor})"
        return text if path.exists() else match[0]

    pieces = _FENCE.split(markdown)
    return "".join(
        piece if index % 2 else _LINK.sub(link, piece) for index, piece in enumerate(pieces)
    )
