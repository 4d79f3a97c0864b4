"""`AsyncConversation`: turns with one or more models, and what the vendors leave to others."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Unpack

from ossicle.conversation.archive import export_state
from ossicle.conversation.history_builder import HistoryBuilder
from ossicle.conversation.history_policy import HistoryPolicy, HistoryReport
from ossicle.conversation.model_backend import ModelBackend
from ossicle.conversation.options import ConversationOptions
from ossicle.conversation.persistence import ConversationStore, NullStore, persistence_of
from ossicle.conversation.retention import RetentionPolicy
from ossicle.conversation.state import ConversationState
from ossicle.conversation.stream import ConversationStream
from ossicle.conversation.toolbox import Toolbox
from ossicle.conversation.totals import ConversationReceipt, sum_turns
from ossicle.conversation.turn import Turn
from ossicle.conversation.turn_record import TurnLock
from ossicle.errors import ConfigurationError
from ossicle.messages import Message, Reply, Usage
from ossicle.pipeline import (
    AudioSource,
    TurnOptions,
    as_call_options,
    check_names,
    checked_seconds,
    request_of,
    takes,
)
from ossicle.pipeline.detached_task import finish_in_thread
from ossicle.storage import Store


class AsyncConversation:
    """A conversation; made by `AsyncClient.conversation`, never by hand.

    One turn at a time: a second one waits, and is refused where the first waits for it, as a tool
    that goes on with its own conversation would have it. Every turn is in exactly one state, and
    only committed ones are told again. What is told, and how, is planned anew for each call, by the
    clock of the vendor that is asked: an audio id that may be dead is never sent.

    Args:
        state: Its state.
        backend: To models.
        options: Its tools and who runs them, and who sums up.
        store: Where it is kept from the first turn on; `None`: nowhere.
        persistence: Of a conversation that is stored already.
    """

    def __init__(
        self,
        state: ConversationState,
        backend: ModelBackend,
        options: ConversationOptions,
        *,
        store: Store | None = None,
        persistence: ConversationStore | None = None,
    ) -> None:
        self._state, self._backend, self._options = state, backend, options
        self._tools = tuple(options.get("tools") or ())
        self._on_tool_call = options.get("on_tool_call")
        self._store = store
        self._persistence: ConversationStore = persistence or persistence_of(
            state, store, backend.tenant, wall=backend.clock.wall
        )
        self._turn_lock = TurnLock()
        self._history = HistoryBuilder(
            state=state, backend=backend, summarize=options.get("summarize")
        )

    def __repr__(self) -> str:
        """Its id and how long it is, never what was said."""
        return f"AsyncConversation({self.id!r}, turns={len(self._state.turns)})"

    @property
    def id(self) -> str:
        """Its id."""
        return self._state.id

    @property
    def instructions(self) -> str | None:
        """How the model shall behave."""
        return self._state.instructions

    @property
    def policy(self) -> HistoryPolicy:
        """How much is told again on each turn."""
        return self._state.policy

    @property
    def retention(self) -> RetentionPolicy:
        """What of it may be written down."""
        return self._state.retention

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, oldest first, in whatever state."""
        return tuple(self._state.turns)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was said in committed turns, with all that is known of it."""
        committed = (turn for turn in self._state.turns if turn.state == "committed")
        return tuple(message for turn in committed for message in turn.messages)

    @property
    def usage(self) -> Usage:
        """What all turns used, as far as the vendors told."""
        return self.receipt.usage

    @property
    def receipt(self) -> ConversationReceipt:
        """What all turns used and cost."""
        return sum_turns(self._state.turns)

    @property
    def report(self) -> HistoryReport | None:
        """What became of the history on the last call; `None` before the first."""
        return self._state.report

    @takes(TurnOptions)
    async def send(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        **options: Unpack[TurnOptions],
    ) -> Reply:
        """Say something and get the whole answer.

        `timeout_s` is for the whole turn: the wait for the one before, words written down,
        summaries and tool rounds included; only writes to the store are not cut short.

        Args:
            text: What is written to the model.
            audio: What is spoken to it: a path, encoded bytes, a clip, a binary file, or a list.

        Raises:
            OssicleError: Whatever ended the turn; the last of `turns` tells its state.
        """
        check_names("send", options, TurnOptions)
        async with self._begin(text, audio, options, stream=False) as stream:
            return await stream.collect()

    @takes(TurnOptions)
    def stream(
        self,
        text: str | None = None,
        *,
        audio: AudioSource | Sequence[AudioSource] | None = None,
        **options: Unpack[TurnOptions],
    ) -> AbstractAsyncContextManager[ConversationStream]:
        """The same as `send`, as events while they come: `async with c.stream(...) as stream`.

        Leaving the block before the last event cancels the turn.

        Args:
            text: What is written to the model.
            audio: What is spoken to it.

        Raises:
            OssicleError: On entering the context, or while reading.
        """
        check_names("stream", options, TurnOptions)
        return self._begin(text, audio, options, stream=True)

    async def undo(self) -> Turn:
        """Take the last turn back, whatever became of it, and return it.

        Raises:
            ConfigurationError: There is none.
            StorageError: The store failed.
        """
        async with self._turn_lock:
            turn = self._state.take_back()
            await self._persistence.keep(self._state)
        return turn

    async def switch(self, *models: str) -> HistoryReport:
        """Go on with other models, the first one first; tells what the history loses by it.

        Audio ids of the model before are kept, and used again when it is switched back in time.

        Args:
            models: References such as `local` or `openai:gpt-audio-1.5`; later ones are asked when
                those before them fail cleanly.

        Raises:
            ConfigurationError: None is named, there is no such model, or it holds no conversations.
        """
        if not models:
            raise ConfigurationError("no model is named", fix="Name one, such as 'local'.")
        async with self._turn_lock:
            found = [self._backend.capabilities(model) for model in models]
            for each in found:
                if "respond" not in each.tasks:
                    raise ConfigurationError(
                        f"{each.provider}:{each.model} holds no conversations",
                        fix=f"Name a model that can respond; see `ossicle models {each.provider}`.",
                    )
            self._state.references = models
            plan = await self._history.plan(
                found[0],
                current=None,
                speaks=True,
                deadline=self._backend.clock.monotonic() + self._backend.timeout_s,
            )
        return plan.report

    def branch(self, after: str | None = None) -> AsyncConversation:
        """A new conversation that begins with the turns of this one.

        Args:
            after: Id of the last turn to take along; `None`: all.

        Raises:
            ConfigurationError: There is no such turn.
        """
        state = self._state.up_to(after)
        self._persistence.drop_expired(state)
        return AsyncConversation(state, self._backend, self._options, store=self._store)

    async def save(self) -> None:
        """Write what is not written yet; a turn that has ended always is.

        Raises:
            ConfigurationError: The client has no store, or nothing may be written down.
            StorageError: The store failed.
        """
        if isinstance(self._persistence, NullStore):
            if self._state.retention.level == "none":
                raise ConfigurationError(
                    "nothing of this conversation may be written down (retention='none')",
                    fix="Begin it with retention='transcript' or 'audio'.",
                )
            raise ConfigurationError(
                "the client has no store to save to",
                fix="Give the client a store, or use export(path).",
            )
        async with self._turn_lock:
            await self._persistence.keep(self._state)

    async def export(self, path: str | os.PathLike[str]) -> Path:
        """Write everything, audio included, to one file for another machine, all or nothing.

        With `retention="transcript"` the file holds no audio.

        Returns:
            The absolute path.

        Raises:
            FileAccessError: The file cannot be written.
            ConfigurationError: Nothing of it may be written down.
        """
        async with self._turn_lock:
            self._persistence.drop_expired(self._state)
            return await finish_in_thread(lambda: export_state(self._state, path))

    def _begin(
        self,
        text: str | None,
        audio: AudioSource | Sequence[AudioSource] | None,
        options: TurnOptions,
        *,
        stream: bool,
    ) -> ConversationStream:
        given, seconds = options.get("tools"), options.get("timeout_s")
        offered = self._tools if given is None else tuple(given)
        timeout_s = checked_seconds(self._backend.timeout_s if seconds is None else seconds)
        self._backend.check_options(options.get("provider_options"))
        whole = as_call_options(options)
        whole["instructions"], whole["tools"] = self._state.instructions, offered
        return ConversationStream(
            self._history,
            wanted=request_of("respond", (), whole, stream=stream),
            text=text,
            audio=audio,
            toolbox=Toolbox(offered, self._on_tool_call) if offered else None,
            persistence=self._persistence,
            turn_lock=self._turn_lock,
            timeout_s=timeout_s,
        )
