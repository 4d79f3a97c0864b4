"""Providers whose records and announcements do not fit."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.nightly.broken_plugins.broken_plugin import BrokenPlugin, with_spec
from tests.nightly.broken_plugins.parrot.provider import SPEC, ParrotProvider
from tests.nightly.broken_plugins.parrot.record import RECORD
from tests.nightly.broken_plugins.parrot.suite import ParrotSuite

from ossicle.abc import AudioProvider, Capabilities, FormatRule, ProviderSettings, ProviderSpec

BROKEN_PLUGINS: list[BrokenPlugin] = []


def put(name: str, spec: ProviderSpec, check: str, because: str) -> None:
    BROKEN_PLUGINS.append(
        BrokenPlugin(name=name, suite=with_spec(ParrotSuite, spec), check=check, because=because)
    )


def declaring(
    record: Callable[[str], Capabilities],
) -> Callable[[ProviderSettings], AudioProvider]:
    class Declaring(ParrotProvider):
        def capabilities(self, model: str) -> Capabilities:
            super().capabilities(model)
            return record(model)

    return Declaring


def changed(**fields: Any) -> ProviderSpec:
    record = RECORD.model_copy(update=fields)
    return replace(SPEC, factory=declaring(lambda model: record))


def hears(rule: dict[str, Any]) -> ProviderSpec:
    more = (*RECORD.audio_input.formats, FormatRule.model_validate(rule))  # type: ignore[union-attr]
    return changed(audio_input=RECORD.audio_input.model_copy(update={"formats": more}))  # type: ignore[union-attr]


def speaks(way: str, rule: dict[str, Any], *, alone: bool = False) -> ProviderSpec:
    output = RECORD.audio_output
    assert output is not None
    kept = () if alone else getattr(output, way)
    rules = (*kept, FormatRule.model_validate(rule))
    return changed(audio_output=output.model_copy(update={way: rules}))


put(
    "its record is drawn by lot",
    replace(SPEC, factory=declaring(
        lambda model: RECORD.model_copy(update={"context_tokens": random.randrange(1, 10**9)})
    )),
    "test_records_are_cheap_and_stable", "",
)  # fmt: skip
put(
    "it reads its record from a file each time",
    replace(SPEC, factory=declaring(
        lambda model: RECORD.model_copy(
            update={"source": Path(__file__).with_name("README.md").read_text()[:9]}
        )
    )),
    "test_records_are_cheap_and_stable", "open",
)  # fmt: skip
put(
    "rows speak and the record has no audio output",
    changed(audio_output=None, voices=None, default_voice=None),
    "test_records_are_consistent", "audio_output and rows disagree",
)  # fmt: skip
put(
    "a lifetime of ids without ids",
    changed(audio_references=False),
    "test_records_are_consistent", "a lifetime of references",
)  # fmt: skip
put(
    "its default voice is not listed",
    changed(default_voice="nobody"),
    "test_records_are_consistent", "default voice",
)  # fmt: skip
put(
    "another provider's name stands in its record",
    changed(provider="budgie"),
    "test_records_are_consistent", "budgie",
)  # fmt: skip
put(
    "raw audio without a rate",
    speaks("streamed", {"container": "raw", "encodings": ("pcm_s16le",)}),
    "test_formats_are_whole", "raw audio without a rate",
)  # fmt: skip
put(
    "it streams formats and does not stream",
    changed(streaming=False),
    "test_formats_are_whole", "streamed without streaming",
)  # fmt: skip
put(
    "it claims to hear FLAC",
    hears({"container": "flac", "encodings": ("flac",), "sample_rates": (16000,)}),
    "test_every_input_format_is_taken", "500|Unavailable",
)  # fmt: skip
put(
    "it claims to speak FLAC",
    speaks("whole", {"container": "flac", "sample_rates": (8000,), "channels": (1,)}),
    "test_every_output_format_is_given", "asked for",
)  # fmt: skip
put(
    "it claims a second rate",
    speaks("whole", {"container": "wav", "sample_rates": (8000, 16000), "channels": (1,)}),
    "test_every_output_format_is_given", "sample_rate is not as asked",
)  # fmt: skip
put(
    "it claims a voice that it has not",
    changed(voices=("polly", "jack", "captain")),
    "test_every_voice_speaks", "captain",
)  # fmt: skip


class KnowsEverything(ParrotProvider):
    def capabilities(self, model: str) -> Capabilities:
        return RECORD.model_copy(update={"model": model})


class Renames(ParrotProvider):
    def capabilities(self, model: str) -> Capabilities:
        return super().capabilities(model).model_copy(update={"model": f"{model}-2026-11"})


class Fails(ParrotProvider):
    def capabilities(self, model: str) -> Capabilities:
        return {"grey": RECORD}[model]


class Connects(ParrotProvider):
    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings)
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()


put(
    "it knows every model there never was",
    replace(SPEC, factory=KnowsEverything),
    "test_unknown_models_are_said_to_be", "an invented model",
)  # fmt: skip
put(
    "an unknown model is a KeyError",
    replace(SPEC, factory=Fails),
    "test_unknown_models_are_said_to_be", "KeyError",
)  # fmt: skip
put(
    "it renames its model",
    replace(SPEC, factory=Renames),
    "test_models_keep_their_name", "2026-11",
)  # fmt: skip
put(
    "it connects when it is built",
    replace(SPEC, factory=Connects),
    "test_building_is_harmless", "socket.(connect|getaddrinfo)",
)  # fmt: skip
put(
    "its default model does not do the task",
    replace(SPEC, factory=declaring(
        lambda model: RECORD.model_copy(update={"rows": {"respond": RECORD.rows["respond"]}})
    )),
    "test_it_announces_itself", "speak|transcribe",
)  # fmt: skip
put(
    "it was written for another interface",
    replace(SPEC, api_version=99),
    "test_it_announces_itself", "99",
)  # fmt: skip
put(
    "its summary has two lines",
    replace(SPEC, summary="A parrot.\nA grey one."),
    "test_it_announces_itself", "grey one",
)  # fmt: skip
