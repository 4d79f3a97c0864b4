"""What `AsyncClient` and `Client` may be told, defined once for both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict, cast

from pydantic import SecretStr

from ossicle.conversation import RetentionChoice
from ossicle.errors import ConfigurationError
from ossicle.pipeline import PipelineSettings
from ossicle.policy import Budget, BudgetLimits, Clock, RetryPolicy
from ossicle.storage import AudioCache, Store

DEFAULT_TIMEOUT_S = 120.0
"""Total seconds for one call: preparation, waits and repeats included."""


class ClientSettings(TypedDict, total=False):
    """Settings of a client; all may be left out.

    Attributes:
        model: Used when a call names none; `None` lets the provider's default decide.
        api_key: The vendor's key; `None` lets the provider look into its own environment
            variable.
        base_url: Endpoint other than the vendor's own.
        options: The provider's own settings, which it validates.
        settings: How audio is prepared, judged and delivered.
        retry: When to repeat; the default never repeats what may have been executed.
        max_concurrency: Calls at one provider at the same time, of all tenants' views of this
            client in one event loop; further ones wait in line, at most their own `timeout_s`. A
            cascade counts as one provider, its parts are not counted. `None`: any number.
        budget: Reserved before each call; shared by all tenants' views of this client. Of mere
            `BudgetLimits` the books are kept in the store, where all processes share them.
        allow_plugins: Names of third-party plugins that may load; a loaded plugin is trusted code.
        store: Keeps conversations; the application closes it.
        cache: Keeps speech, transcripts and prepared audio; the application closes its store.
        retention: What of conversations may be written down, unless they say otherwise, and of
            calls by the cache.
        plugins: Objects with hook implementations: an application's own providers, validators
            and listeners.
        tenant: On whose behalf; see `for_tenant`.
        timeout_s: Total seconds for one call, unless the call says otherwise.
        keeps_stats: Whether calls are counted; see `stats`.
        clock: For tests.
    """

    model: str | None
    api_key: str | SecretStr | None
    base_url: str | None
    options: Mapping[str, Any] | None
    settings: PipelineSettings | None
    retry: RetryPolicy | None
    max_concurrency: int | None
    budget: Budget | BudgetLimits | None
    store: Store | None
    cache: AudioCache | None
    retention: RetentionChoice
    allow_plugins: Iterable[str]
    plugins: Iterable[object]
    tenant: str
    timeout_s: float
    keeps_stats: bool
    clock: Clock | None


_KINDS: tuple[tuple[str, type | tuple[type, ...], str], ...] = (
    ("settings", PipelineSettings, "PipelineSettings(preprocess=SPEECH)"),
    ("retry", RetryPolicy, "RetryPolicy(...)"),
    ("budget", (Budget, BudgetLimits), "BudgetLimits(...)"),
    ("cache", AudioCache, "AudioCache(store)"),
)


def check_kinds(settings: ClientSettings) -> None:
    """Refuse values of another kind before anything is built of them.

    Raises:
        ConfigurationError: One is; the fix says what to give.
    """
    for name, kind, example in _KINDS:
        value = cast("dict[str, object]", settings).get(name)
        if value is not None and not isinstance(value, kind):
            raise ConfigurationError(
                f"{name} is of type {type(value).__name__}", fix=f"Give {name}={example}."
            )
