"""What the author of a provider implements: three members."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from ossicle.abc.capabilities import Capabilities
from ossicle.abc.converter import Requirement
from ossicle.messages import Event, Request, Task


class AudioProvider(ABC):
    """A model, or a family of models, that hears or speaks.

    One primitive covers every task, because a task is a row of the modality matrix. Retry,
    expiry, conversion, accounting, caching and validation exist once, in the core.
    """

    @abstractmethod
    def capabilities(self, model: str) -> Capabilities:
        """What this model can do; cheap, no I/O, the same answer every time.

        The framework guarantees: it is called before anything is sent.
        The implementer guarantees: unknown models get a cautious record with `is_assumed`, where
        the vendor's list is open.

        Raises:
            UnknownModelError: There is no such model.
        """

    @abstractmethod
    def respond(self, request: Request) -> AsyncIterator[Event]:
        """Send the request and yield the answer's events as they become known.

        The framework guarantees: the request fits `capabilities(request.model)`: its row is in
        the matrix, every clip is in an accepted format, rate and size, history is in this
        provider's form, `output_format` is one that is offered for this way of delivery. The
        iterator is closed (`aclose`) on every path, and is used by one task. An attempt that
        fails is not repeated unless its error says that it surely was not executed.

        The implementer guarantees: the last event is `Finished`, and nothing comes after it; a
        stream that broke off does not yield `Finished`; raw audio may be cut anywhere; nothing
        blocks the event loop; no cancel scope or task group stays open across a `yield` (PEP 789);
        cancellation passes through and frees the connection; no retry of its own. A vendor that
        cannot stream yields its whole answer as few events.

        Raises:
            ProviderError: A fitting kind of it, with `retryable` decided and without secrets.
            AudioReferenceNotFoundError: An audio id in the history is dead.
            UnsupportedFeatureError: The request cannot be expressed in the vendor's dialect.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Free every resource; calling it twice is harmless."""

    @property
    def endpoint(self) -> str | None:
        """Where it sends requests, so that a cache keeps answers of two places apart.

        The implementer guarantees: it holds no secret. `None`, unless overridden: the settings
        tell it.
        """
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What an application configures for one provider.

    Attributes:
        api_key: The vendor's key, or `None` to let the provider look into its own environment
            variable.
        base_url: Endpoint other than the vendor's own, or `None`.
        options: The provider's own settings; it validates them.
    """

    api_key: SecretStr | None = None
    base_url: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """How a plugin announces a provider, without importing what it stands on.

    Attributes:
        name: What users write before the colon of `provider:model`.
        summary: One line for listings.
        factory: Builds the provider; the vendor's SDK is imported in here, not earlier.
        default_models: Model to use per task when the user names none.
        requires: Packages that must be there.
        is_local: Whether nothing leaves the machine.
        api_version: Version of this interface that the plugin was written for.
    """

    name: str
    summary: str
    factory: Callable[[ProviderSettings], AudioProvider]
    default_models: Mapping[Task, str]
    requires: tuple[Requirement, ...] = ()
    is_local: bool = False
    api_version: int = 1
