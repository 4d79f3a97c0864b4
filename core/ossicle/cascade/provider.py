"""A provider made of three stages: hear, think, speak."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import Field, ValidationError

from ossicle.abc import AudioProvider, Capabilities
from ossicle.cascade.answer import Answer
from ossicle.cascade.counting import Counter, text_tokens
from ossicle.cascade.profile import (
    AUDIO_TOKENS_PER_S_IN,
    AUDIO_TOKENS_PER_S_OUT,
    cascade_capabilities,
)
from ossicle.cascade.relay import closing
from ossicle.cascade.sentences import split_sentences
from ossicle.cascade.spoken_text import SpokenText
from ossicle.cascade.stage_options import StageOptions
from ossicle.cascade.stages import LanguageModel, Recognizer, Synthesizer, worst
from ossicle.cascade.transcript_cache import TranscriptCache
from ossicle.cascade.turns import hear_clip, text_turns
from ossicle.errors import (
    AudioMissingError,
    ConfigurationError,
    InvalidReplyError,
    OssicleError,
    ProviderError,
    UnknownModelError,
    UnsupportedModalityError,
)
from ossicle.messages import (
    AudioPart,
    Event,
    Finished,
    InputHeard,
    LanguageDetected,
    ReplyStarted,
    Request,
    SegmentReported,
    TextDelta,
    UsageReported,
    Value,
)
from ossicle.messages.events import FinishReason


class CascadeOptions(Value):
    """What `provider_options` may hold for a cascade.

    Attributes:
        speed: Pace of the speech; 1.0 is the voice's own.
    """

    speed: float = Field(default=1.0, ge=0.5, le=2.0)


class CascadeProvider(AudioProvider):
    """Hears with one stage, thinks with another, speaks with a third.

    Each stage is optional; what is missing narrows the modality matrix. The answer is spoken
    sentence by sentence: the first one sounds while the next is still thought. Earlier turns that
    were spoken reach the language model as transcripts, so there are no audio references. Words are
    counted as text tokens, seconds as audio tokens, by the rules in `ossicle.cascade.counting`.

    Args:
        name: The provider's name, for errors and the record of capabilities.
        model: Name of its only model.
        recognizer: Turns speech into text.
        language_model: Turns what was said into an answer.
        synthesizer: Turns text into speech.
        capabilities: Says more than the stages do (prices, limits); `None` derives it from them.
    """

    def __init__(
        self,
        *,
        name: str = "cascade",
        model: str = "cascade",
        recognizer: Recognizer | None = None,
        language_model: LanguageModel | None = None,
        synthesizer: Synthesizer | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        self._memory = TranscriptCache()
        self._stages = StageOptions(
            recognizer=recognizer, language_model=language_model, synthesizer=synthesizer
        )
        self._record = capabilities or cascade_capabilities(
            provider=name,
            model=model,
            recognizer=recognizer,
            language_model=language_model,
            synthesizer=synthesizer,
        )

    def capabilities(self, model: str) -> Capabilities:
        """The record of the only model.

        Raises:
            UnknownModelError: Any other name.
        """
        if model != self._record.model:
            raise UnknownModelError(
                f"provider {self._record.provider!r} has no model {model!r}",
                fix=f"Use {self._record!s}.",
            )
        return self._record

    async def respond(self, request: Request) -> AsyncIterator[Event]:
        """Hear, think and speak; see `AudioProvider.respond`.

        Raises:
            UnsupportedModalityError: A stage that the request needs is missing.
            UnsupportedFeatureError: A reference of another provider without a transcript, or a
                setting that the stage it is meant for cannot take.
            InvalidReplyError: Not all of a clip was heard, so there is nothing to answer.
            UnknownVoiceError: The synthesizer has no such voice.
            AudioMissingError: The synthesizer found nothing that it could pronounce.
            ConfigurationError: `provider_options` holds what is not known here.
        """
        record = self.capabilities(request.model)
        counter = Counter(
            rate_in=record.audio_tokens_per_s_in or AUDIO_TOKENS_PER_S_IN,
            rate_out=record.audio_tokens_per_s_out or AUDIO_TOKENS_PER_S_OUT,
        )
        events = self._events(request, counter)
        is_started = False
        async with closing(events):
            try:
                async for event in events:
                    if not is_started:
                        # Not earlier: until a stage has answered, its error is the first answer.
                        yield ReplyStarted(model=record.model)
                        is_started = True
                    yield event
            except OssicleError as error:
                if counter.is_billed:
                    if isinstance(error, ProviderError):
                        # Whatever this stage says of itself: an earlier one was paid, and asking
                        # again would pay it twice.
                        error.billed = True
                    yield UsageReported(usage=counter.final_usage())
                raise

    async def aclose(self) -> None:
        """Close all stages, and forget what was heard."""
        self._memory.clear()
        stages = self._stages
        for stage in (stages.recognizer, stages.language_model, stages.synthesizer):
            if stage is not None:
                await stage.aclose()

    def _events(self, request: Request, counter: Counter) -> AsyncIterator[Event]:
        options = self._options(request)
        stages = self._stages.for_request(request)
        if request.task == "respond":
            return self._answer(request, stages, options=options, counter=counter)
        if request.task == "speak":
            return self._speak(request, stages, options=options, counter=counter)
        return self._transcribe(request, stages, counter=counter)

    async def _answer(
        self, request: Request, stages: StageOptions, *, options: CascadeOptions, counter: Counter
    ) -> AsyncIterator[Event]:
        if stages.language_model is None:
            raise self._missing("language_model", request)
        voicing = self._voicing(request, stages, options) if "audio" in request.output else None
        turns = await text_turns(
            request, recognizer=stages.recognizer, counter=counter, memory=self._memory
        )
        for heard in turns.heard:
            yield InputHeard(text=heard.text)
        if counter.is_billed:
            # Should the thinking never come to its end, this is what was used.
            yield UsageReported(usage=counter.usage())
        if turns.finish_reason != "stop":
            raise InvalidReplyError(
                f"not all that was said was heard ({turns.finish_reason}): it is not answered",
                provider=self._record.provider,
                billed=counter.is_billed,
                fix="Say it in shorter clips, or transcribe it to see what was heard.",
            )
        answer = Answer(
            provider=self._record.provider,
            language_model=stages.language_model,
            messages=turns.messages,
            request=request,
            counter=counter,
            voicing=voicing,
        )
        events = answer.events()
        async with closing(events):
            async for event in events:
                yield event

    async def _speak(
        self, request: Request, stages: StageOptions, *, options: CascadeOptions, counter: Counter
    ) -> AsyncIterator[Event]:
        voicing = self._voicing(request, stages, options)
        reason: FinishReason = "stop"
        text = request.messages[-1].text
        counter.words_in += text_tokens(text)
        for sentence in split_sentences(text, max_chars=voicing.max_chars):
            speech = voicing.events(sentence, counter=counter)
            async with closing(speech):
                async for event in speech:
                    if isinstance(event, Finished):
                        reason = event.reason
                    else:
                        yield event
            if reason != "stop":
                break
        if not counter.spoken_s and reason != "content_filter":
            raise AudioMissingError(
                f"a text of {len(text)} characters holds nothing that the voice can pronounce",
                provider=self._record.provider,
                billed=counter.is_billed,
                fix="Give words in a language that the voice speaks.",
            )
        yield UsageReported(usage=counter.final_usage())
        yield Finished(reason=reason)

    async def _transcribe(
        self, request: Request, stages: StageOptions, *, counter: Counter
    ) -> AsyncIterator[Event]:
        if stages.recognizer is None:
            raise self._missing("recognizer", request)
        reason: FinishReason = "stop"
        is_first = True
        for part in request.messages[-1].parts:
            if not isinstance(part, AudioPart):
                continue
            heard = await hear_clip(
                part, recognizer=stages.recognizer, language=request.language, counter=counter
            )
            counter.words_out += text_tokens(heard.text)
            reason = worst(reason, heard.finish_reason)
            yield TextDelta(text=heard.text if is_first else f"\n{heard.text}")
            is_first = False
            for segment in heard.segments:
                yield SegmentReported(segment=segment)
            if heard.language is not None:
                yield LanguageDetected(language=heard.language)
        yield UsageReported(usage=counter.final_usage())
        yield Finished(reason=reason)

    def _voicing(
        self, request: Request, stages: StageOptions, options: CascadeOptions
    ) -> SpokenText:
        if stages.synthesizer is None:
            raise self._missing("synthesizer", request)
        return SpokenText(synthesizer=stages.synthesizer, voice=request.voice, speed=options.speed)

    def _missing(self, stage: str, request: Request) -> UnsupportedModalityError:
        return UnsupportedModalityError(
            f"the cascade {self._record!s} has no {stage}, which {request.task!r} needs",
            feature=request.task,
            fix=f"Build it with a {stage}, or use another model.",
        )

    def _options(self, request: Request) -> CascadeOptions:
        try:
            return CascadeOptions.model_validate(dict(request.provider_options))
        except ValidationError as error:
            names = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
            raise ConfigurationError(
                f"provider_options of {self._record.provider!r} are wrong at: {names}",
                fix="A cascade knows: speed, from 0.5 to 2.0.",
            ) from error
