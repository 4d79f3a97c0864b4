"""The reference has a page for each public module, with each public name and each option."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

griffe = pytest.importorskip("griffe")
pytest.importorskip("mkdocs")


def extension(name: str) -> Any:
    folder = str(ROOT / "docs" / "extensions")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


PAGES = extension("repository_pages")
MODULES: list[str] = PAGES.public_modules()


@pytest.fixture(scope="module")
def collection() -> Any:
    """The packages as the builder of the site reads them, our extension included."""
    unfolding = extension("call_options").CallOptionsExtension()
    loader = griffe.GriffeLoader(
        search_paths=[str(ROOT / "core")], extensions=griffe.load_extensions(unfolding)
    )
    for package in ("ossicle", "ossicle_testing"):
        loader.load(package)
    return loader.modules_collection


def test_the_public_modules_are_those_of_the_contract() -> None:
    rooms = {path.parent.name for path in (ROOT / "core" / "ossicle").glob("*/__init__.py")}
    assert set(MODULES) > {f"ossicle.{room}" for room in rooms - {"client", "pipeline"}}
    assert not {"ossicle.client", "ossicle.pipeline"} & set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_the_page_of_a_module_holds_all_its_names(module: str, collection: Any) -> None:
    names = set(importlib.import_module(module).__all__)
    assert set(PAGES.exported(module)) == names
    page = PAGES.reference_page(module)
    for name in names:
        assert f"'{name}'" in page or f'id="{module}.{name}"' in page, name
        place = PAGES.place_of(module, name)
        found = collection[place]
        found = found.final_target if found.is_alias else found
        assert found.docstring is not None, place


@pytest.mark.parametrize(
    ("method", "option"),
    [
        ("AsyncClient.respond", "max_output_tokens"),
        ("Client.stream", "task"),
        ("Client.speak", "output_format"),
        ("Conversation.send", "tool_choice"),
        ("Client.conversation", "retention"),
    ],
)
def test_the_options_of_a_call_are_shown_with_what_they_mean(
    method: str, option: str, collection: Any
) -> None:
    function = collection[f"ossicle.{method}"].final_target
    assert option in [parameter.name for parameter in function.parameters]
    assert "options" not in [parameter.name for parameter in function.parameters]
    sections = function.docstring.parse("google")
    [parameters] = [one for one in sections if one.kind.value == "parameters"]
    [text] = [one.description for one in parameters.value if one.name == option]
    assert len(text) > 20


def test_a_site_without_a_name_is_refused(tmp_path: Path) -> None:
    missing: Callable[[Path], list[str]] = extension("complete_reference").missing
    folder = tmp_path / "reference"
    folder.mkdir()
    for module in MODULES:
        ids = [f'<h3 id="{module}.{name}">' for name in PAGES.exported(module)]
        (folder / f"{module}.html").write_text("".join(ids))
    assert missing(tmp_path) == []
    page = folder / "ossicle.html"
    page.write_text(page.read_text().replace('id="ossicle.Client"', ""))
    assert missing(tmp_path) == ["ossicle.Client"]


def test_links_of_the_repository_become_links_of_the_site() -> None:
    from mkdocs.structure.files import File

    def file(uri: str, source: Path) -> Any:
        made = File(uri, None, "site", use_directory_urls=False)
        made.abs_src_path = str(source)
        return made

    readme = file("index.md", ROOT / "README.md")
    guide = file("guides/openai.md", ROOT / "docs" / "guides" / "openai.md")

    class Page:
        file = readme

    text = (
        "[a](docs/guides/openai.md#keys) [b](pyproject.toml) [c](nothing.md) [d](https://x.org)\n"
        "```text\n[e](docs/guides/openai.md)\n```\n"
    )
    assert PAGES.on_page_markdown(text, Page, None, [readme, guide]) == (
        "[a](guides/openai.md#keys) b [c](nothing.md) [d](https://x.org)\n"
        "```text\n[e](docs/guides/openai.md)\n```\n"
    )
