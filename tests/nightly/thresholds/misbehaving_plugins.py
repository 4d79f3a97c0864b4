"""Distributions whose plugins do everything a plugin must not, written into a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_SPEC = """
from ossicle.abc import ProviderSpec, hookimpl

def build(settings):
    raise RuntimeError("nobody asked for this provider")

def spec(name, **changes):
    facts = dict(name=name, summary="for tests", factory=build, default_models={})
    return ProviderSpec(**{**facts, **changes})
"""
_PROVIDERS = "\n@hookimpl\ndef ossicle_register_providers():\n    "
_HANG = "import threading\nRELEASE = threading.Event()\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaving:
    """A plugin that misbehaves.

    Attributes:
        name: Of its entry point; its module is `bad_<name>`.
        code: Of the module; `None`: there is no module.
        says: Words that its listing must hold.
        does: What it does wrong, in words.
        hangs: Whether it would never come back.
    """

    name: str
    code: str | None
    says: str
    does: str
    hangs: bool = False


PLUGINS: tuple[Misbehaving, ...] = (
    Misbehaving(
        name="imports", does="imports what is not installed",
        code="import left_pad_of_nowhere\n", says="No module named 'left_pad_of_nowhere'",
    ),
    Misbehaving(
        name="exits", does="ends the process", code="import sys\nsys.exit(3)\n",
        says="SystemExit: 3",
    ),
    Misbehaving(
        name="interrupts", does="interrupts", code="raise KeyboardInterrupt\n",
        says="KeyboardInterrupt",
    ),
    Misbehaving(
        name="hangs", does="never comes back from its import", hangs=True,
        code=f"{_HANG}RELEASE.wait()\n", says="of bad_hangs",
    ),
    Misbehaving(
        name="hangs_late", does="never comes back from a hook", hangs=True,
        code=f"{_HANG}{_SPEC}{_PROVIDERS}RELEASE.wait()\n    return []\n", says="of bad_hangs_late",
    ),
    Misbehaving(
        name="types", does="returns something else", says="returned a dict",
        code=f"{_SPEC}{_PROVIDERS}return {{'spec': spec('types')}}\n",
    ),
    Misbehaving(
        name="twin_a", does="claims a name that another claims",
        says="claimed by twin_a, twin_b",
        code=f"{_SPEC}{_PROVIDERS}return [spec('twin')]\n",
    ),
    Misbehaving(
        name="twin_b", does="claims a name that another claims",
        says="claimed by twin_a, twin_b",
        code=f"{_SPEC}{_PROVIDERS}return [spec('twin')]\n",
    ),
    Misbehaving(
        name="old", does="was written for another interface", says="interface version 0",
        code=f"{_SPEC}{_PROVIDERS}return [spec('old', api_version=0)]\n",
    ),
    Misbehaving(
        name="raises", does="raises in a hook", says="ValueError: not today",
        code=f"{_SPEC}{_PROVIDERS}raise ValueError('not today')\n",
    ),
    Misbehaving(
        name="record", does="announces a malformed record", says="malformed Capabilities: rows",
        code="from ossicle.abc import Capabilities, hookimpl\n\n@hookimpl\n"
        "def ossicle_register_models():\n"
        "    return [Capabilities.model_construct(provider='record', model='m', rows=5)]\n",
    ),
    Misbehaving(
        name="nowhere", does="has no module", code=None, says="No module named 'bad_nowhere'"
    ),
)  # fmt: skip
"""The twelve."""


def install(folder: Path, plugins: tuple[Misbehaving, ...] = PLUGINS) -> Path:
    """Write them as installed distributions; the folder then only has to be on the path."""
    for plugin in plugins:
        if plugin.code is not None:
            (folder / f"bad_{plugin.name}.py").write_text(plugin.code)
        info = folder / f"bad_{plugin.name}-1.0.dist-info"
        info.mkdir(parents=True)
        distribution = plugin.name.replace("_", "-")
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: bad-{distribution}\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[ossicle]\n{plugin.name} = bad_{plugin.name}\n")
    return folder
