"""Speaking text, sentence by sentence, as events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from ossicle.cascade.counting import Counter
from ossicle.cascade.relay import closing
from ossicle.cascade.samples import FrameCutter
from ossicle.cascade.sentences import MAX_SENTENCE_CHARS
from ossicle.cascade.stages import Synthesizer
from ossicle.messages import AudioDelta, Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """How an answer is to be spoken.

    Attributes:
        synthesizer: Who speaks.
        voice: By which voice; `None`: the synthesizer's default.
        speed: How fast; 1.0 is the voice's own pace.
    """

    synthesizer: Synthesizer
    voice: str | None = None
    speed: float = 1.0

    @property
    def max_chars(self) -> int:
        """Upper bound of what is spoken at once."""
        allowed: int | None = getattr(self.synthesizer, "max_text_chars", None)
        return MAX_SENTENCE_CHARS if allowed is None else max(1, min(allowed, MAX_SENTENCE_CHARS))

    async def events(
        self, sentence: str, *, counter: Counter
    ) -> AsyncIterator[AudioDelta | Finished]:
        """One sentence as audio; nothing for a blank one, which no synthesizer is asked for.

        `Finished` comes last where the sentence was not spoken to its end.

        Every piece is whole frames, and a part of a frame at the sentence's end is dropped: it
        would shift all sentences after it by a byte.
        """
        if not sentence.strip():
            return
        form = self.synthesizer.format
        bytes_per_s = (form.sample_rate or 1) * (form.frame_width or 1)
        frames = FrameCutter(form)
        spoken = self.synthesizer.speak(sentence, voice=self.voice, speed=self.speed)
        chunks = counter.charged(spoken, stage=self.synthesizer)
        async with closing(chunks):
            async for piece in chunks:
                if isinstance(piece, Finished):
                    yield piece
                elif data := frames.whole(piece):
                    counter.spoken_s += len(data) / bytes_per_s
                    yield AudioDelta(data=data, format=form)
