"""What a vendor's models can do: dated data in a file of the plugin, and cautious guesses."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from ossicle.abc import Capabilities
from ossicle.errors import UnknownModelError
from ossicle.messages import (
    AUDIO_TO_BOTH,
    AUDIO_TO_TEXT,
    MIXED_TO_BOTH,
    MIXED_TO_TEXT,
    SPEAK,
    TEXT_TO_AUDIO,
    TEXT_TO_TEXT,
    TRANSCRIBE,
    Value,
)

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_CAPABILITIES = TypeAdapter(Capabilities)
_ROWS = {
    row.name: row
    for row in (AUDIO_TO_BOTH, AUDIO_TO_TEXT, MIXED_TO_BOTH, MIXED_TO_TEXT, SPEAK, TEXT_TO_AUDIO,
                TEXT_TO_TEXT, TRANSCRIBE)
}  # fmt: skip


class ModelRecord(Value):
    """All that is known of one model; a provider's own record adds what it needs.

    Attributes:
        capabilities: What the core asks for.

    Example:
        class AcmeModel(ModelRecord):
            takes_language: bool = True
    """

    capabilities: Capabilities


RecordT = TypeVar("RecordT", bound=ModelRecord)


class Catalogue(Generic[RecordT]):
    """Reads `catalogue.json` of a plugin's package, once for each day.

    The file holds `as_of`, `templates` by name, and `models`, each with `model`, the template it
    is `like`, and what differs: fields of `Capabilities`, with `rows` as names by task, and of the
    plugin's own record. A template may be `like` another. `prices_from` holds prices by the day
    from which they hold, `aliases` further names.

    Args:
        package: The plugin's import package.
        provider: Name of the provider.
        record: The plugin's record.
        assume: Makes a record for a model that is not described, from its name and all known ones.
        example: A model's name, for messages.

    Example:
        CATALOGUE = Catalogue("ossicle_acme", provider="acme", record=ModelRecord, assume=_assumed,
                              example="acme-1")
    """

    def __init__(
        self,
        package: str,
        *,
        provider: str,
        record: type[RecordT],
        assume: Callable[[str, Mapping[str, RecordT]], RecordT],
        example: str,
    ) -> None:
        self._package, self._provider, self._record = package, provider, record
        self._assume, self._example = assume, example
        self._of_day = lru_cache(maxsize=4)(self._read)

    def known(self, today: datetime.date | None = None) -> Mapping[str, RecordT]:
        """Every model that is described, with the prices of a day; `None` is today."""
        return self._of_day(today or datetime.datetime.now(tz=datetime.UTC).date())

    def capabilities(self, today: datetime.date | None = None) -> list[Capabilities]:
        """The capabilities of every model that is described."""
        return [record.capabilities for record in self.known(today).values()]

    def record(self, model: str, today: datetime.date | None = None) -> RecordT:
        """What this model can do; an assumption where it is not described.

        Raises:
            UnknownModelError: The name cannot be one.
        """
        if not _NAME.fullmatch(model):
            raise UnknownModelError(
                "the name of the model holds characters that no name has",
                fix=f"Give a name such as {self._example!r}.",
            )
        known = self.known(today)
        return known.get(model) or self._assume(model, known)

    def _read(self, today: datetime.date) -> Mapping[str, RecordT]:
        text = resources.files(self._package).joinpath("catalogue.json").read_text("utf-8")
        data = json.loads(text)
        found: dict[str, RecordT] = {}
        for entry in data["models"]:
            merged = {"as_of": data["as_of"], **_unfolded(entry, data["templates"])}
            for name in (entry["model"], *merged.pop("aliases", ())):
                found[name] = self._made({**merged, "model": name}, today)
        return found

    def _made(self, entry: Mapping[str, Any], today: datetime.date) -> RecordT:
        fields = dict(entry)
        names = set(self._record.model_fields) - {"capabilities"}
        own = {name: fields.pop(name) for name in names & set(fields)}
        for day, prices in sorted(fields.pop("prices_from", {}).items()):
            if datetime.date.fromisoformat(day) <= today:
                fields["prices"] = prices
        fields["rows"] = {
            task: tuple(_ROWS[name] for name in rows) for task, rows in fields["rows"].items()
        }
        # Dates and decimals are text in JSON.
        capabilities = _CAPABILITIES.validate_python({"provider": self._provider, **fields})
        return self._record(capabilities=capabilities, **own)


def _unfolded(entry: Mapping[str, Any], templates: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with what the template it is like says."""
    own = {name: value for name, value in entry.items() if name != "like"}
    return {**_unfolded(templates[entry["like"]], templates), **own} if "like" in entry else own


def assumed_like(capabilities: Capabilities, model: str, **changes: Any) -> Capabilities:
    """A cautious guess for a model that is not described, after one that is.

    Args:
        capabilities: Of the described one.
        model: Name of the other.
        changes: What is known to differ. Prices, dates and token figures are unknown.

    Example:
        capabilities=assumed_like(known["acme-1"].capabilities, "acme-2", languages=None)
    """
    unknown = ("prices", "shutdown", "successor", "context_tokens", "max_output_tokens",
               "audio_tokens_per_s_in", "audio_tokens_per_s_out")  # fmt: skip
    update = {
        **dict.fromkeys(unknown),
        "model": model,
        "is_assumed": True,
        "source": f"assumed from the name, after {capabilities.model}",
        **changes,
    }
    return capabilities.model_copy(update=update)
