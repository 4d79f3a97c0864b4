"""Writes the tables of `plugins.md` from the code: `python -m tests.docs.plugin_tables`.

A table stands between `<!-- fields of NAME -->` (or `<!-- events -->`, `<!-- names of rest -->`)
and `<!-- end -->`.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
import typing
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from ossicle import abc, audio, messages, rest
from ossicle.signal import Measurements

PAGE = Path(__file__).parents[2] / "plugins.md"

KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        abc.AudioEvidence, abc.AudioInput, abc.AudioOutput, abc.CallInfo, abc.Capabilities,
        abc.CodecRule, abc.ConverterSpec, abc.FormatRule, abc.PreprocessorSpec, abc.Prices,
        abc.ProviderSettings, abc.ProviderSpec, abc.Requirement, abc.ValidationContext,
        abc.ValidatorSpec, audio.AudioFacts, messages.Finding, messages.Request, messages.Usage,
        Measurements,
    )
}  # fmt: skip
"""Whose fields the page lists."""

_MARKED = re.compile(
    r"(<!-- (?:fields of (\w+)|(events|names of rest)) -->\n).*?(<!-- end -->)", re.DOTALL
)

_UNITS: tuple[tuple[str, str], ...] = (
    (r"(.*_)?per_s_(in|out)", "tokens/s"),
    (r"second_(in|out)", "currency per s"),
    (r"million_characters", "currency per 10⁶ characters"),
    (r"(cached_)?(text|audio)_(in|out)", "currency per 10⁶ tokens"),
    (r"deadline", "s, `anyio` clock"),
    (r"(expires_at|.*_time_s)", "s, Unix time"),
    (r".*_s", "s"),
    (r"(.*_)?bytes|data_offset", "bytes"),
    (r"(.*_)?sample_rates?", "Hz"),
    (r".*_hz", "Hz"),
    (r"bit_rate", "bit/s"),
    (r"bit_depth", "bits"),
    (r"(.*_)?tokens", "tokens"),
    (r"(.*_chars|characters)", "code points"),
    (r"frames", "frames"),
    (r"(.*_samples)", "samples"),
    (r"(.*_)?(marks)", "s"),
    (r".*_dbfs", "dBFS"),
    (r".*_dbtp", "dBTP"),
    (r".*_lufs", "LUFS"),
    (r".*_db", "dB"),
    (r".*_share", "0 to 1"),
    (r"cost", "CPU ms per minute"),
)
"""By the name of a field; the first that fits counts."""


def unit_of(name: str) -> str:
    """The unit that a field's name stands for; empty where it has none."""
    return next((unit for pattern, unit in _UNITS if re.fullmatch(pattern, name)), "")


def fields_table(kind: type) -> str:
    """Field, type, default, unit and meaning of each field of a class."""
    told = attributes_of(kind)
    lines = ["| field | type | default | unit | meaning |", "|---|---|---|---|---|"]
    for name, default in defaults_of(kind).items():
        annotation = annotations_of(kind)[name].replace("|", "\\|")
        # A `Cost` carries its currency; other costs are of computing.
        unit = "" if annotation.startswith("Cost") else unit_of(name)
        lines.append(f"| `{name}` | `{annotation}` | {default} | {unit} | {told.get(name, '')} |")
    return "\n".join(lines) + "\n"


def events_table() -> str:
    """Name, fields and meaning of every event."""
    lines = ["| event | fields | meaning |", "|---|---|---|"]
    for event in typing.get_args(messages.Event):
        fields = []
        for name, default in defaults_of(event).items():
            annotation = annotations_of(event)[name].replace("|", "\\|")
            fields.append(
                f"`{name}: {annotation}`{'' if default == 'required' else ' = ' + default}"
            )
        summary = " ".join(inspect.cleandoc(event.__doc__ or "").split("\n\nAttributes")[0].split())
        lines.append(f"| `{event.__name__}` | {', '.join(fields)} | {summary} |")
    return "\n".join(lines) + "\n"


def rest_table() -> str:
    """Name, signature and meaning of what `ossicle.rest` offers."""
    lines = ["| name | does |", "|---|---|"]
    for name in rest.__all__:
        value = getattr(rest, name)
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        shown = name + re.sub(r" -> None$", "", signature_of(value)).replace("|", "\\|")
        summary = " ".join(inspect.cleandoc(value.__doc__ or "").split("\n\n")[0].split())
        lines.append(f"| `{shown}` | {summary} |")
    return "\n".join(lines) + "\n"


def signature_of(value: Any) -> str:
    """A signature as it is written, without quotes and the names of modules."""
    if inspect.isclass(value) and issubclass(value, typing.cast(Any, typing.Protocol)):
        return ""
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(value)))
    text = text.replace("<factory>", "{}")
    return re.sub(r"\b(?:[a-z_]\w*\.)+([A-Z]\w*)", r"\1", text)


def annotations_of(kind: type) -> dict[str, str]:
    """Annotations as they are written in the source."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        found |= {name: str(text) for name, text in inspect.get_annotations(one).items()}
    return found


def defaults_of(kind: type) -> dict[str, str]:
    """Name and default of each field, in order; `required` where there is none."""
    if issubclass(kind, BaseModel):
        return {
            name: "required"
            if field.is_required()
            else _shown(field.get_default(call_default_factory=True))
            for name, field in kind.model_fields.items()
        }
    found = {}
    for field in dataclasses.fields(cast(Any, kind)):
        if field.default is not dataclasses.MISSING:
            found[field.name] = _shown(field.default)
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = _shown(field.default_factory())
        else:
            found[field.name] = "required"
    return found


def _shown(default: object) -> str:
    if isinstance(default, frozenset):
        return f"`{{{', '.join(repr(one) for one in sorted(default))}}}`"
    return f"`{default!r}`"


def attributes_of(kind: type) -> dict[str, str]:
    """What the docstring says of each attribute, in one line each."""
    text = inspect.cleandoc(kind.__doc__ or "")
    section = re.search(r"^Attributes:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    if section is None:
        return {}
    parts = re.split(r"^(\w+): ", textwrap.dedent(section[1]), flags=re.MULTILINE)
    names, texts = parts[1::2], parts[2::2]
    return {name: " ".join(words.split()) for name, words in zip(names, texts, strict=True)}


def with_tables(page: str) -> str:
    """The page with every table as the code says it."""

    def filled(marked: re.Match[str]) -> str:
        if marked[2]:
            table = fields_table(KINDS[marked[2]])
        else:
            table = events_table() if marked[3] == "events" else rest_table()
        return f"{marked[1]}{table}{marked[4]}"

    return _MARKED.sub(filled, page)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
