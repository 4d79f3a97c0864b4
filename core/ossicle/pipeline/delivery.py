"""The answer's audio on its way to the caller, in the format that was asked for."""

from __future__ import annotations

from anyio import to_thread

from ossicle.abc import Capabilities
from ossicle.audio import AudioClip, AudioFormat
from ossicle.audio.wav import wav_header
from ossicle.conversion import convert_clip
from ossicle.conversion.encoding import find_writer
from ossicle.conversion.reencode import Reencoder
from ossicle.errors import AudioMissingError
from ossicle.intake import check_facts
from ossicle.messages import AudioDelta, AudioRecord, Event, Reply, Step
from ossicle.pipeline.plan import OutputPlan
from ossicle.pipeline.prepare import AudioTools

_LENGTH_SLACK_S = 0.25
_LENGTH_SLACK = 0.05
"""How far audio may be from the tokens billed for it: they are counted in whole ones."""


def deliver_whole(
    reply: Reply, plan: OutputPlan, audio_tools: AudioTools
) -> tuple[Reply, AudioRecord]:
    """The reply with its audio in the wanted format, and what was done; blocking.

    What the vendor labels its audio is not believed: the sniffed format decides.

    Raises:
        AudioLimitError: The audio is beyond the limits.
        MalformedAudioError: It does not decode.
    """
    clip = reply.audio
    assert clip is not None
    check_facts(clip.facts, audio_tools.limits)
    made, steps = _as_wanted(clip, plan.delivered, audio_tools)
    if clip.format.name != plan.native.name and clip.format.container != plan.native.container:
        reason = f"{plan.native.name} was asked for, {clip.format.name} came"
        steps = (Step(action="note", reason=reason), *steps)
    if unread := clip.facts.unread_bytes:
        reason = f"{unread} bytes behind the audio are of another kind and not read"
        steps = (Step(action="note", reason=reason), *steps)
    return reply.model_copy(update={"audio": made}), record_of(clip, made, steps)


def record_of(clip: AudioClip, made: AudioClip, steps: tuple[Step, ...]) -> AudioRecord:
    """What happened to the answer's audio."""
    return AudioRecord(
        source=str(clip.format),
        result=str(made.format),
        duration_s=clip.duration_s,
        result_duration_s=made.duration_s,
        n_bytes=clip.n_bytes,
        result_n_bytes=made.n_bytes,
        digest=made.digest,
        steps=steps,
    )


def _as_wanted(
    clip: AudioClip, wanted: AudioFormat, audio_tools: AudioTools
) -> tuple[AudioClip, tuple[Step, ...]]:
    form = clip.format
    if (form.container, form.encoding) == (wanted.container, wanted.encoding) and (
        wanted.sample_rate in (None, form.sample_rate)
        and (wanted.bit_rate is None or not form.is_lossy)
    ):
        return clip, (Step(action="pass_through", reason="it is what was asked for"),)
    if form.container == "raw" and wanted.container == "wav" and wanted.is_pcm:
        header = wav_header(
            AudioFormat(
                container="wav",
                encoding=form.encoding,
                sample_rate=form.sample_rate,
                channels=form.channels,
            ),
            clip.facts.frames,
        )
        made = AudioClip.from_bytes(header + clip.read_bytes())
        return made, (Step(action="wrap", reason=f"{form.name} needs a header to be a file"),)
    conversion = convert_clip(
        clip,
        wanted,
        converters=audio_tools.converters,
        limits=audio_tools.limits,
        reason=f"{wanted.name} was asked for",
    )
    return conversion.clip, conversion.receipt.steps


class StreamDelivery:
    """Turns native audio events into events of the wanted format while they come.

    Args:
        plan: The native and the wanted format.
        audio_tools: The converters.
    """

    def __init__(self, plan: OutputPlan, audio_tools: AudioTools) -> None:
        self._plan, self._audio_tools = plan, audio_tools
        self._reencoder: Reencoder | None = None
        self._encoded = bytearray()
        self._is_incremental = self._can_encode()

    def _can_encode(self) -> bool:
        native, wanted = self._plan.native, self._plan.delivered
        if (native.container, native.encoding) == (wanted.container, wanted.encoding):
            return False
        if (native.container, native.encoding) != ("raw", "pcm_s16le"):
            return False
        rule = find_writer(wanted, self._audio_tools.converters, incremental=True).writing(wanted)
        return rule is not None and rule.is_incremental

    @property
    def is_started(self) -> bool:
        """Whether anything was encoded on the way."""
        return self._reencoder is not None

    def passes(self, native: AudioFormat) -> bool:
        """Whether the caller already got all audio, just as it came."""
        wanted = self._plan.delivered
        return (native.container, native.encoding) == (wanted.container, wanted.encoding)

    async def deliver(self, event: Event) -> Event | None:
        """The event as the caller gets it; `None` while the encoder has nothing ready."""
        if not isinstance(event, AudioDelta) or self.passes(event.format):
            return event
        if not self._is_incremental or event.format.container != "raw":
            return None  # converted in one piece at the end
        if self._reencoder is None:
            self._reencoder = self._start(event.format)
        if self._reencoder.is_full:
            data = await to_thread.run_sync(self._reencoder.push, event.data)
        else:
            data = self._reencoder.push(event.data)
        return self._delta(data)

    async def finish(self) -> Event | None:
        """What the encoder still held; `None` when there is nothing."""
        if self._reencoder is None:
            return None
        return self._delta(await to_thread.run_sync(self._reencoder.finish))

    def clip(self) -> AudioClip | None:
        """The whole encoded answer, or `None` when nothing was encoded on the way."""
        if self._reencoder is None or not self._encoded:
            return None
        return AudioClip.from_bytes(bytes(self._encoded))

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was done on the way, once it is finished."""
        return () if self._reencoder is None else self._reencoder.steps

    def abort(self) -> None:
        """Stop the encoder without a result; harmless when it is done."""
        if self._reencoder is not None:
            self._reencoder.abort()

    def _start(self, native: AudioFormat) -> Reencoder:
        target = self._plan.delivered.at(channels=native.channels)
        return Reencoder(native=native, target=target, converters=self._audio_tools.converters)

    def _delta(self, data: bytes) -> AudioDelta | None:
        if not data:
            return None
        self._encoded += data
        assert self._reencoder is not None
        return AudioDelta(data=data, format=self._reencoder.format)


def check_audio_came(reply: Reply) -> None:
    """Refuse a reply that lacks the audio which was asked for and that nothing explains.

    Raises:
        AudioMissingError: With the reply as `partial`.
    """
    explained = reply.tool_calls or reply.refusal or reply.finish_reason == "content_filter"
    if reply.audio is not None and reply.audio.facts.frames != 0:
        return
    if explained:
        return
    raise AudioMissingError(
        f"{reply.provider} answered {len(reply.text)} characters without the audio asked for",
        provider=reply.provider,
        request_id=reply.request_id,
        billed=True,
        partial=reply,
        fix="Use the text in `partial`, or ask again.",
    )


def replaced_note(reply: Reply) -> str | None:
    """A remark when the vendor's text held what is no text, such as half of a surrogate pair."""
    count = reply.text.count("\ufffd")
    what = f"the vendor's text holds what is no text: {count} times U+FFFD stands in its place"
    return what if count else None


def length_note(reply: Reply, capabilities: Capabilities) -> str | None:
    """A remark when the answer's audio is not as long as the tokens billed for it say.

    Nothing in a stream of pieces shows that one was lost or came twice; the bill does.
    """
    rate, tokens = capabilities.audio_tokens_per_s_out, reply.usage.output_audio_tokens
    lasts_s = None if reply.audio is None else reply.audio.duration_s
    if not rate or not tokens or lasts_s is None:
        return None
    billed_s = tokens / rate
    if abs(lasts_s - billed_s) <= max(_LENGTH_SLACK_S, _LENGTH_SLACK * billed_s):
        return None
    return (
        f"the audio lasts {lasts_s:.2f} s and {tokens} tokens are {billed_s:.2f} s: "
        "a part of it may be missing or doubled"
    )
