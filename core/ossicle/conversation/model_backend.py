"""What a conversation needs of a client: models, calls, audio and time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from ossicle.abc import Capabilities
from ossicle.messages import Message, Task
from ossicle.pipeline import AudioSource, CallRequest, ReplyStream
from ossicle.policy import Clock


class ModelBackend(Protocol):
    """The way from a conversation to models.

    Attributes:
        clock: Of the client.
        tenant: On whose behalf.
        timeout_s: Seconds that a turn may take unless it says otherwise.
        references: Models to ask, `provider:model`, the first one first; `None`: the client's own.
    """

    clock: Clock
    tenant: str
    timeout_s: float
    references: tuple[str | None, ...]

    @abstractmethod
    def capabilities(self, reference: str | None, task: Task = "respond") -> Capabilities:
        """What the model of a reference can do.

        Raises:
            ConfigurationError: There is no such model, or the provider has none for this task.
            DependencyMissingError: A package that the provider stands on is not installed.
        """

    @abstractmethod
    def local_transcribers(self, language: str | None) -> tuple[str, ...]:
        """Providers on this machine that surely write down speech in this language.

        Args:
            language: BCP 47 tag; `None`: not known, and nothing is sure.
        """

    @abstractmethod
    def check_options(self, named: object) -> None:
        """Make sure that there is a provider for all of `provider_options`.

        Args:
            named: By provider name.

        Raises:
            ConfigurationError: There is none of such a name.
        """

    @abstractmethod
    def call(
        self, wanted: CallRequest, *, reference: str | None, conversation_id: str, timeout_s: float
    ) -> ReplyStream:
        """A call that is not begun yet; raises as `capabilities` does."""

    @abstractmethod
    async def user_message(
        self, text: str | None, audio: AudioSource | Sequence[AudioSource] | None
    ) -> Message:
        """What the user says: text, and audio in any shape that the client takes.

        Raises:
            ConfigurationError: There is neither.
            AudioError: The audio is beyond the limits or no audio.
            FileAccessError: A path cannot be read.
        """
