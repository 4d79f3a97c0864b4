"""`plugins.md` is true: its hooks, signatures, fields and snippets are those of the code."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from packaging.specifiers import SpecifierSet
from tests.clean_install.tutorial import read_tutorial
from tests.docs.plugin_tables import (
    KINDS,
    annotations_of,
    attributes_of,
    defaults_of,
    unit_of,
    with_tables,
)

from ossicle import __version__, abc, errors, messages, rest
from ossicle.abc import hooks
from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioMissingError,
    ProviderError,
    StreamIncompleteError,
)
from ossicle.plugins import PluginState
from ossicle.plugins.loading import LOAD_LIMIT_S
from ossicle.policy.outcome import classify
from ossicle_testing import conformance
from ossicle_testing.conformance.provider.hostile_server import BAD_REPLIES

NO_STATUS = (AmbiguousOutcomeError, AudioMissingError, StreamIncompleteError)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "plugins.md").read_text()


def documented() -> dict[str, str]:
    return dict(re.findall(r"\| `(ossicle_\w+)` \| `(\(.*?)` \|", PAGE))


def declared() -> dict[str, str]:
    return {
        name: str(inspect.signature(function)).replace("'", "")
        for name, function in inspect.getmembers(hooks, inspect.isfunction)
        if name.startswith("ossicle_")
    }


def test_every_hook_stands_on_the_page_with_its_signature() -> None:
    assert documented() == declared()


def test_every_table_says_what_the_code_says() -> None:
    """Where this fails, `python -m tests.docs.plugin_tables` writes them anew."""
    assert with_tables(PAGE) == PAGE


def test_every_record_and_spec_has_its_table_with_each_field_explained() -> None:
    for name, kind in KINDS.items():
        assert f"<!-- fields of {name} -->\n| field" in PAGE, name
        assert set(defaults_of(kind)) <= set(attributes_of(kind)), name


def test_what_the_page_names_of_rest_is_there() -> None:
    _, _, section = PAGE.partition("<!-- names of rest -->\n")
    section, _, _ = section.partition("<!-- end -->")
    named = re.findall(r"^\| `(\w+)", section, re.MULTILINE)
    constants = {"DONE", "EVENT_STREAM", "JSON", "Explain", "Meaning"}
    assert set(named) == set(rest.__all__) - constants


@pytest.mark.parametrize("name", sorted(rest.__all__))
def test_each_name_of_rest_says_what_it_takes_and_shows_it(name: str) -> None:
    value = getattr(rest, name)
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return
    text = inspect.getdoc(value) or ""
    assert "Example:\n" in text
    if inspect.isfunction(value) and inspect.signature(value).parameters:
        assert "Args:\n" in text


def test_what_has_a_number_has_a_unit() -> None:
    without = {
        f"{kind.__name__}.{name}"
        for kind in (*KINDS.values(), messages.Request)
        for name in defaults_of(kind)
        if re.match(r"(int|float|Decimal)\b", annotations_of(kind)[name]) and not unit_of(name)
    }
    assert without == {
        # Counts, and numbers whose unit the record itself names.
        "AudioFacts.track",
        "AudioInput.max_clips", "CodecRule.max_channels", "Measurements.channels",
        "Measurements.clipped_runs", "Measurements.dc_offset", "Finding.measured",
        "Finding.allowed", "Request.temperature", "Request.seed", "ProviderSpec.api_version",
        "ConverterSpec.api_version", "ValidatorSpec.api_version", "PreprocessorSpec.api_version",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        (abc.AudioProvider, ("capabilities", "respond", "aclose")),
        (abc.FormatConverter, ("decode", "encode", "convert")),
        (abc.Validator, ("validate",)),
        (abc.Preprocessor, ("start",)),
        (abc.BlockTransform, ("process", "finish", "effect")),
    ],
)
def test_every_member_stands_on_the_page_with_its_signature(
    kind: type, members: tuple[str, ...]
) -> None:
    assert {name for name, value in vars(kind).items()
            if inspect.isfunction(value) and not name.startswith("_")} == set(members)  # fmt: skip
    for name in members:
        shown = str(inspect.signature(getattr(kind, name))).replace("'", "")
        shown = re.sub(r"\(self(, )?", "(", shown).replace(" | ", r" \| ")
        assert f"`{name}{shown}`" in PAGE, f"{name}{shown}"


def errors_on_the_page() -> list[tuple[str, int | None, type[ProviderError], bool, str]]:
    rows = re.findall(
        r"^\| ([^|]+) \| (\d*) ?\| `(\w+)` \| (yes|no) \| (\w+) \|$", PAGE, re.MULTILINE
    )
    return [
        (situation, int(status) if status else None, getattr(errors, name), word == "yes", outcome)
        for situation, status, name, word, outcome in rows
    ]


def test_every_error_of_a_provider_stands_on_the_page() -> None:
    kinds = {kind for _, _, kind, _, _ in errors_on_the_page()}
    known = {
        kind for kind in vars(errors).values()
        if inspect.isclass(kind) and issubclass(kind, ProviderError) and kind is not ProviderError
    }  # fmt: skip
    assert kinds == known


def test_errors_are_retryable_and_end_as_the_page_says() -> None:
    for situation, status, kind, retryable, outcome in errors_on_the_page():
        facts = {} if status is None or kind in NO_STATUS else {"status": status}
        error = kind("it failed", provider="any", **facts)  # type: ignore[arg-type]
        assert error.retryable == retryable, situation
        assert classify(error, has_started="began" in situation) == outcome, situation


def test_the_page_and_the_suite_agree_on_what_a_status_means() -> None:
    allowed = {answer.status: answer.errors for answer in BAD_REPLIES if answer.status >= 400}
    for situation, status, kind, _, _ in errors_on_the_page():
        if status in allowed:
            assert issubclass(kind, allowed[status]), situation


def test_the_version_of_the_interface_is_told_and_a_spec_without_one_is_of_the_first() -> None:
    assert f"an `api_version`, {abc.API_VERSION} today" in PAGE
    for kind in (abc.ProviderSpec, abc.ConverterSpec, abc.ValidatorSpec, abc.PreprocessorSpec):
        assert defaults_of(kind)["api_version"] == "`1`"


def test_projects_depend_on_the_ossicle_that_they_were_tested_with() -> None:
    for project in (*ROOT.glob("core/ossicle_cli/templates/*/pyproject.toml"),
                    ROOT / "examples" / "ossicle-morse" / "pyproject.toml"):  # fmt: skip
        named = re.search(r'"ossicle(>=[^"]+)"', project.read_text())
        assert named, project
        assert SpecifierSet(named[1]).contains(__version__), project
        assert f"`ossicle{named[1]}`" in PAGE


def blocks() -> list[str]:
    """The Python code that stands outside the tutorial."""
    return re.findall(
        r"```python\n(.*?)```", PAGE[PAGE.index("## Or have it written") :], re.DOTALL
    )


@pytest.mark.parametrize("number", range(len(blocks())))
def test_a_block_outside_the_tutorial_runs(number: int) -> None:
    exec(compile(blocks()[number], "plugins.md", "exec"), {"__name__": "page"})


def test_the_states_of_plugins_are_all_told() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| [^|]*\|$", PAGE[PAGE.index("| state |"):], re.MULTILINE)
               ) >= set(get_args(PluginState))  # fmt: skip
    assert f"has {LOAD_LIMIT_S:g} s for its import" in PAGE


def test_every_row_and_suite_that_the_page_names_is_there() -> None:
    rows = [name for name in messages.__all__ if name.isupper() and name != "TOOL_NAME"]
    assert len(rows) == 9
    for name in rows:
        assert f"`{name}`" in PAGE
        assert hasattr(messages, name)
    for name in re.findall(r"`(\w+Conformance)`", PAGE):
        assert hasattr(conformance, name), name


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """The files that the tutorial's reader writes."""
    for step in read_tutorial():
        if step.action != "run":
            step.do(tmp_path / "pocket")
    return tmp_path / "pocket"


@pytest.mark.slow
def test_the_code_of_the_tutorial_is_clean_and_strictly_typed(followed: Path) -> None:
    style = ["--isolated", "--line-length", "100"]
    for command in (
        ["ruff", "check", *style, "--select", "E,F,W,I,N,UP,B", "."],
        ["ruff", "format", *style, "--check", "."],
        ["mypy", "--strict", "--explicit-package-bases", "src", "tests"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=followed, env=os.environ | {"MYPYPATH": "src"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_that_the_page_links_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / target).exists(), target


def test_every_heading_that_the_page_links_to_is_there() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(#([^)]+)\)", PAGE):
        assert target in anchors, target
