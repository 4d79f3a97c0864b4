"""`Cascade`: hear with one provider, think with another or a function, speak with a third."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal, Protocol, TypeVar, cast

from pydantic import SecretStr

from ossicle.abc import AudioProvider, Capabilities, ProviderSettings
from ossicle.cascade import (
    CallableThinker,
    CascadeProvider,
    LanguageModel,
    ProviderLanguageModel,
    ProviderRecognizer,
    ProviderSynthesizer,
    Recognizer,
    Synthesizer,
)
from ossicle.errors import ConfigurationError
from ossicle.messages import Event, Request, Task

_Stage = TypeVar("_Stage")


class ProviderSource(Protocol):
    """Where a cascade gets the providers that it names: the client's pool."""

    def get(self, name: str) -> AudioProvider:
        """The client's own provider of this name."""
        ...

    def build(self, name: str, settings: ProviderSettings) -> AudioProvider:
        """A new provider of this name, which is the caller's to close."""
        ...

    def default_model(self, name: str, task: Task) -> str:
        """The model that a provider uses for a task when none is named."""
        ...


class Cascade(AudioProvider):
    """A provider put together from others, for `Client` and `AsyncClient`.

    It answers speech with speech although none of its parts does: one hears, one thinks, one
    speaks, sentence by sentence, so that the first sounds while the next is still thought. A part
    that is left out narrows what it can do. It belongs to the one client that it is given to.

    Args:
        think: What answers: a function from the newest words to an answer (text, or pieces of
            it), `"provider"` or `"provider:model"` of a text model, or a `LanguageModel`.
        hear: What turns speech into text: a reference, or a `Recognizer`.
        speak: What turns text into speech: a reference, or a `Synthesizer`.
        takes: What a function is called with: the newest message's `"text"`, or all `"messages"`.
        endpoints: By name of a provider: `api_key`, `base_url`, `options`, where they are other
            than those of the environment.
        name: What the provider is called, in references too.

    Raises:
        ConfigurationError: There is no part, or an endpoint is no mapping of those names.

    Example:
        >>> from ossicle import Client
        >>> with Client(Cascade(hear="echo", think=str.upper, speak="echo")) as client:
        ...     spoken = client.speak("good morning").audio
        ...     client.respond(audio=spoken).transcript
        'GOOD MORNING'
    """

    def __init__(
        self,
        *,
        think: str | Callable[[Any], Any] | LanguageModel | None = None,
        hear: str | Recognizer | None = None,
        speak: str | Synthesizer | None = None,
        takes: Literal["text", "messages"] = "text",
        endpoints: Mapping[str, Mapping[str, Any]] | None = None,
        name: str = "cascade",
    ) -> None:
        if think is None and hear is None and speak is None:
            raise ConfigurationError(
                "a cascade without any part", fix="Say what hears, thinks or speaks."
            )
        self.name = name
        self._think = _thinker(think, takes=takes)
        self._hear, self._speak = hear, speak
        self._settings = {one: _settings(one, given) for one, given in (endpoints or {}).items()}
        self._pool: ProviderSource | None = None
        self._own: dict[str, AudioProvider] = {}
        self._built: CascadeProvider | None = None

    @property
    def default_models(self) -> Mapping[Task, str]:
        """Its only model, for each task that its parts allow."""
        return dict.fromkeys(self._provider().capabilities(self.name).tasks, self.name)

    @property
    def endpoint(self) -> str:
        """Its parts in words, which keep answers of two cascades apart; no secret is in it."""
        parts = {"hear": self._hear, "think": self._think, "speak": self._speak}
        urls = (f"{name}={given.base_url}" for name, given in self._settings.items())
        named = (f"{part}={_in_words(one)}" for part, one in parts.items() if one is not None)
        return "; ".join((*named, *urls))

    def connect(self, pool: ProviderSource) -> None:
        """Take providers from there; the client calls it.

        Raises:
            ConfigurationError: It belongs to another client.
        """
        if self._pool not in (None, pool):
            raise ConfigurationError(
                f"the cascade {self.name!r} belongs to another client",
                fix="Build one for each client.",
            )
        self._pool = pool

    def capabilities(self, model: str) -> Capabilities:
        """The record of the only model, which is called like the cascade.

        Raises:
            UnknownModelError: Any other name.
            ConfigurationError: A part cannot do what it is there for.
        """
        return self._provider().capabilities(model)

    def respond(self, request: Request) -> AsyncIterator[Event]:
        """Hear, think and speak; see `AudioProvider.respond`."""
        return self._provider().respond(request)

    async def aclose(self) -> None:
        """Close what is its own; closing twice is harmless."""
        if self._built is not None:
            await self._built.aclose()
        for provider in self._own.values():
            await provider.aclose()

    def _provider(self) -> CascadeProvider:
        if self._built is None:
            self._built = CascadeProvider(
                name=self.name,
                model=self.name,
                recognizer=self._stage(self._hear, ProviderRecognizer, "transcribe"),
                language_model=self._stage(self._think, ProviderLanguageModel, "respond"),
                synthesizer=self._stage(self._speak, ProviderSynthesizer, "speak"),
            )
        return self._built

    def _stage(
        self,
        given: str | _Stage | None,
        build: Callable[[AudioProvider, str], _Stage],
        task: Task,
    ) -> _Stage | None:
        if not isinstance(given, str):
            return given
        pool = self._pool
        if pool is None:
            raise ConfigurationError(
                f"the cascade {self.name!r} names providers and has no client to get them from",
                fix="Give it to Client or AsyncClient.",
            )
        name, _, model = given.partition(":")
        if name in self._settings and name not in self._own:
            self._own[name] = pool.build(name, self._settings[name])
        return build(self._own.get(name) or pool.get(name), model or pool.default_model(name, task))


def _in_words(part: object) -> str:
    return part if isinstance(part, str) else f"{type(part).__module__}.{type(part).__qualname__}"


def _thinker(
    given: str | Callable[[Any], Any] | LanguageModel | None, *, takes: Literal["text", "messages"]
) -> str | LanguageModel | None:
    if given is None or isinstance(given, str) or hasattr(given, "think"):
        return cast("str | LanguageModel | None", given)
    return CallableThinker(cast("Any", given), takes=takes)


def _settings(name: str, given: Mapping[str, Any]) -> ProviderSettings:
    fields = dict(given) if isinstance(given, Mapping) else {"": given}
    if not fields.keys() <= {"api_key", "base_url", "options"}:
        raise ConfigurationError(
            f"the endpoint of {name!r} is no mapping of api_key, base_url and options",
            fix='Write endpoints={"openai": {"base_url": "http://localhost:8000/v1"}}.',
        )
    key = fields.pop("api_key", None)
    return ProviderSettings(api_key=SecretStr(key) if isinstance(key, str) else key, **fields)
