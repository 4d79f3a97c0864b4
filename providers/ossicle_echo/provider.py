"""The echo: a deterministic provider whose audio carries its text in tones.

It needs no model, no key and no network, and whatever is done to its audio on the way, the text
read back from it is exact or is said to be lost. That proves a whole audio path, and makes it the
provider of tests, documentation and conformance:

>>> import anyio
>>> from ossicle.messages import Message, ReplyFold, Request, TextPart
>>> async def ask(text: str):
...     request = Request(
...         task="respond",
...         model="chat",
...         messages=(Message(role="user", parts=(TextPart(text=text),)),),
...         output=frozenset({"text", "audio"}),
...         stream=True,
...     )
...     fold = ReplyFold(provider="echo", model="chat")
...     async for event in EchoProvider().respond(request):
...         fold.add(event)
...     return fold.reply()
>>> reply = anyio.run(ask, "Hello")
>>> reply.transcript
'You said: Hello'
>>> from ossicle_echo.hearing import hear
>>> hear(reply.audio).text
'You said: Hello'

What it answers is told in `ossicle_echo.brain`, how it can be made to misbehave in
`ossicle_echo.script`.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import anyio
from anyio import to_thread

from ossicle.abc import AudioProvider, Capabilities
from ossicle.errors import ProviderError, UnknownModelError
from ossicle.messages import Event, Finished, InputHeard, ReplyStarted, Request

from .brain import Answer, answer
from .delivery import Delivery
from .models import MODELS
from .references import ReferenceShelf
from .script import EchoScript
from .stage import Sleep, perform
from .turns import Understanding, find_references, understand


class EchoProvider(AudioProvider):
    """Hears tones, repeats what it heard, and speaks in tones.

    Args:
        script: How it behaves where a request's `provider_options` do not say otherwise.
        clock: The time in Unix seconds; decides when audio references expire.
        sleep: Waits for so many seconds; used for the script's delays only.
    """

    def __init__(
        self,
        *,
        script: EchoScript | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._script = script or EchoScript()
        self._clock = clock
        self._sleep = sleep
        self._references = ReferenceShelf(clock)
        self._numbers = itertools.count(1)
        self._n_failed = 0

    def capabilities(self, model: str) -> Capabilities:
        """What this model can do.

        Raises:
            UnknownModelError: It is none of `chat`, `speak` and `transcribe`.
        """
        try:
            return MODELS[model]
        except KeyError:
            raise UnknownModelError(
                f"the echo has no model {model!r}", fix=f"Use one of {', '.join(MODELS)}."
            ) from None

    async def respond(self, request: Request) -> AsyncGenerator[Event, None]:
        """Answer a request; see `AudioProvider.respond`.

        Raises:
            ConfigurationError: `provider_options` are not fields of `EchoScript`.
            UnknownModelError: There is no such model.
            UnknownVoiceError: There is no such voice.
            AudioReferenceNotFoundError: An audio id has expired or was never issued.
            RequestRefusedError: The tones of a clip arrived damaged.
            ProviderError: The script says so.
        """
        self.capabilities(request.model)
        script = self._script.with_options(request.provider_options)
        request_id = f"echo-{next(self._numbers)}"
        events = self._events(request, script, request_id)
        failure = self._failure(script, request_id)
        async with aclosing(
            perform(events, script, sleep=self._sleep, failure=failure)
        ) as performance:
            async for event in performance:
                yield event

    async def aclose(self) -> None:
        """Forget the audio of earlier answers."""
        self._references.clear()

    def _failure(self, script: EchoScript, request_id: str) -> ProviderError | None:
        if script.fail_with is None:
            return None
        if script.fail_times is not None and self._n_failed >= script.fail_times:
            return None
        self._n_failed += 1
        return script.failure(request_id=request_id)

    async def _events(
        self, request: Request, script: EchoScript, request_id: str
    ) -> AsyncGenerator[Event, None]:
        delivery = Delivery(request, script, request_id=request_id)
        kept = find_references(request, self._references)
        # Reading tones has no effects and may be left behind when the call is cancelled.
        said = await to_thread.run_sync(understand, request, kept, abandon_on_cancel=True)
        yield ReplyStarted(
            request_id=request_id,
            reply_id=f"reply-{request_id}",
            model=request.model,
            server_time_s=self._clock(),
        )
        if request.task == "respond":
            for words in said.heard:
                yield InputHeard(text=words)
        reply = _reply(request, said) if script.answer is None else Answer(text=script.answer)
        if reply.call is not None:
            for tool_event in delivery.tool_call(reply.call):
                yield tool_event
            yield delivery.usage(said)
            yield Finished(reason="tool_calls")
            return
        text = _limited(reply.text, request.max_output_tokens)
        if "audio" in request.output:
            spoken = delivery.spoken(text, self._references, clock=self._clock)
            async with aclosing(spoken):
                async for event in spoken:
                    yield event
        else:
            for event in delivery.written(text):
                yield event
        yield delivery.usage(said)
        yield Finished(reason="stop" if text == reply.text else "length")


def _reply(request: Request, said: Understanding) -> Answer:
    """The answer of the chat model, or the very text that was heard or shall be said."""
    if request.task == "respond":
        return answer(said.turns, tools=request.tools, tool_choice=request.tool_choice)
    return Answer(text=said.turns[-1].text)


def _limited(text: str, max_words: int | None) -> str:
    """The first words of a text, with the white space between them as it was."""
    words = list(re.finditer(r"\S+", text))
    if max_words is None or len(words) <= max_words:
        return text
    return text[: words[max_words - 1].end()]
