"""A vendor that keeps count, a second one, and clocks that disagree."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

from ossicle import AsyncClient, Budget, PipelineSettings
from ossicle.abc import Capabilities, Prices, ProviderSettings, ProviderSpec, hookimpl
from ossicle.errors import AudioReferenceNotFoundError, OssicleError
from ossicle.messages import (
    AudioReference,
    Event,
    InputHeard,
    Message,
    ReferenceIssued,
    Request,
    Usage,
    UsageReported,
)
from ossicle.policy import RetryPolicy, VirtualClock
from ossicle.storage import Store
from ossicle_echo.provider import EchoProvider
from ossicle_echo.script import EchoScript

VENDOR_EPOCH_S = 1_800_000_000.0


class Watched(EchoProvider):
    """The echo, counting what it is asked.

    Attributes:
        n_requests: All of them.
        unknown_ids: Requests with an audio id that is dead or was never issued.
        tasks: What was asked, in order.
        last_messages: Of the newest request.
        most_at_once: How many answers were under way at once, at most.
        usage: The vendor's own sum of everything it answered to the end.
        mute_calls: How many of the next answers come without their audio.
        tells_heard: Whether it says what it heard.
        script: Of the next requests.
        prices: Of its models by name, where they are not free.
        broken: What calls of a task end with.
        deadlines: Of the newest request of each task.
        expired_ids: How many audio ids were sent after their time, by the vendor's own clock.
    """

    def __init__(
        self,
        *,
        name: str = "echo",
        clock: Callable[[], float] = lambda: VENDOR_EPOCH_S,
        demands_tools: bool = False,
        has_references: bool = True,
    ) -> None:
        super().__init__(clock=clock)
        self.name = name
        self._demands_tools, self._has_references = demands_tools, has_references
        self.n_requests = self.unknown_ids = self.mute_calls = 0
        self.tasks: list[str] = []
        self.last_messages: tuple[Message, ...] = ()
        self.most_at_once = self._now = 0
        self.usage = Usage()
        self.tells_heard = True
        self.script: EchoScript | None = None
        self.prices: dict[str, Prices] = {}
        self.broken: dict[str, OssicleError] = {}
        self.expired_ids = 0
        self._expiries: dict[str, float] = {}
        self._time = clock
        self.deadlines: dict[str, float | None] = {}

    def capabilities(self, model: str) -> Capabilities:
        known = super().capabilities(model)
        references = known.audio_references and self._has_references
        return known.model_copy(
            update={
                "provider": self.name,
                "audio_references": references,
                "prices": self.prices.get(model, known.prices),
            }
        )

    def forget(self) -> None:
        """Forget all audio of earlier answers."""
        self._references.clear()

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        self.n_requests += 1
        self.tasks.append(request.task)
        self.last_messages = request.messages
        self.expired_ids += sum(
            self._expiries.get(one, self._time() + 1) <= self._time() for one in self.sent_ids
        )
        self.deadlines[request.task] = request.deadline
        if request.task in self.broken:
            raise self.broken[request.task]
        if self.script is not None:
            self._script = self.script
        if self.mute_calls and request.task == "respond":
            self.mute_calls -= 1
            request = request.model_copy(update={"provider_options": {"omit_audio": True}})
        if self._demands_tools:
            request = request.model_copy(update={"tool_choice": "required"})
            if request.messages[-1].role == "tool":
                request = request.model_copy(update={"messages": request.messages[:1]})
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            async with aclosing(super().respond(request)) as events:
                async for event in events:
                    if isinstance(event, InputHeard) and not self.tells_heard:
                        continue
                    if isinstance(event, ReferenceIssued) and event.id and event.expires_at:
                        self._expiries[event.id] = event.expires_at
                    if isinstance(event, UsageReported):
                        self.usage += event.usage
                    yield event
        except AudioReferenceNotFoundError:
            self.unknown_ids += 1
            raise
        finally:
            self._now -= 1

    @property
    def sent_ids(self) -> list[str]:
        """The audio ids of the newest request."""
        parts = (part for message in self.last_messages for part in message.parts)
        return [part.id for part in parts if isinstance(part, AudioReference)]


class SecondPlugin:
    """Announces a provider under the name `second`.

    Args:
        provider: What it gives.
    """

    def __init__(self, provider: Watched) -> None:
        self._provider = provider

    @hookimpl
    def ossicle_register_providers(self) -> list[ProviderSpec]:
        def build(settings: ProviderSettings) -> Watched:
            return self._provider

        models = {"respond": "chat", "speak": "speak", "transcribe": "transcribe"}
        return [
            ProviderSpec(
                name="second",
                summary="another one",
                factory=build,
                default_models=models,  # type: ignore[arg-type]  # the keys are tasks
            )
        ]


class World:
    """Two vendors with true clocks, and a client whose wall clock is off by `skew_s`.

    Attributes:
        clock: The client's.
        provider: The first vendor.
        second: The other one, which knows no audio ids.
    """

    def __init__(self) -> None:
        self.clock = VirtualClock(wall=VENDOR_EPOCH_S)
        self.provider = Watched(clock=self.vendor_s)
        self.second = Watched(name="second", clock=self.vendor_s, has_references=False)
        self._skew_s = 0.0

    def vendor_s(self) -> float:
        """The vendors' time."""
        return VENDOR_EPOCH_S + self.clock.monotonic()

    @property
    def skew_s(self) -> float:
        """Seconds by which the vendors are ahead of the client's wall clock."""
        return self._skew_s

    @skew_s.setter
    def skew_s(self, value: float) -> None:
        self._skew_s = value
        self.clock.set_wall(self.vendor_s() - value)

    def advance(self, seconds: float) -> None:
        """Let time pass for everyone."""
        self.clock.advance(seconds)

    def second_plugin(self) -> SecondPlugin:
        """The plugin that brings the second vendor."""
        return SecondPlugin(self.second)

    def client(
        self,
        *,
        retry: RetryPolicy | None = None,
        budget: Budget | None = None,
        store: Store | None = None,
        plugins: Iterable[object] = (),
        settings: PipelineSettings | None = None,
    ) -> AsyncClient:
        """A client of the first vendor."""
        return AsyncClient(
            self.provider,
            clock=self.clock,
            retry=retry,
            budget=budget,
            store=store,
            plugins=plugins,
            settings=settings,
        )
