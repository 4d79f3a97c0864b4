from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.providers.calls import collect
from tests.providers.elevenlabs.vendor import (
    FLASH,
    HEARING,
    KEY,
    PCM,
    SPEECH,
    ask,
    events_of,
    fake,
    heard,
    said,
    speaking,
    transcribing,
    with_provider,
)

from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import (
    AudioLimitError,
    ConfigurationError,
    ContentRefusedError,
    DeadlineExceededError,
    MissingKeyError,
    ModelNotFoundError,
    PermissionRefusedError,
    RequestRefusedError,
    TextTooLongError,
    UnsupportedFeatureError,
    UnsupportedModalityError,
)
from ossicle.messages import AudioDelta, Message, ReplyStarted, Request, TextPart
from ossicle_elevenlabs.provider import ElevenLabsProvider
from ossicle_testing.vendors import parse_form

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])
FORMATS = [
    PCM,
    AudioFormat.pcm(sample_rate=16_000),
    AudioFormat.pcm(sample_rate=8000),
    AudioFormat.named("mp3", sample_rate=44_100, bit_rate=128_000),
    AudioFormat.named("opus", sample_rate=48_000, bit_rate=128_000),
]


@BACKENDS
@pytest.mark.parametrize("stream", [False, True])
def test_a_text_is_spoken_word_for_word_and_billed_by_its_characters(
    stream: bool, backend: str
) -> None:
    with fake() as vendor:
        reply = ask(vendor.base_url, speaking("Grüß Gott!", stream=stream), backend=backend)
        (entry,) = vendor.ledger.executed
    assert heard(reply) == "Grüß Gott!"
    assert reply.audio is not None
    assert reply.audio.format.sample_rate == 24_000
    assert reply.usage.characters == entry.bill.characters == 10
    assert reply.usage.total_tokens is None


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_the_format_is_what_was_asked_for(form: AudioFormat) -> None:
    with fake() as vendor:
        reply = ask(vendor.base_url, speaking(output_format=form))
    assert reply.audio is not None
    found = reply.audio.format
    assert (found.encoding, found.sample_rate) == (form.encoding, form.sample_rate)
    assert heard(reply) == "Good morning."


def test_a_streamed_text_comes_in_pieces_that_end_inside_samples() -> None:
    with fake() as vendor:
        events = events_of(vendor.base_url, speaking("A rather long text. " * 5, stream=True))
    sizes = [len(event.data) for event in events if isinstance(event, AudioDelta)]
    assert len(sizes) > 3
    assert any(size % 2 for size in sizes)


def test_the_settings_of_a_voice_reach_the_vendor() -> None:
    options = {"elevenlabs": {
        "voice_settings": {"stability": 0.4, "speed": 1.2}, "previous_text": "Before.",
        "apply_text_normalization": "off", "extra_body": {"use_pvc_as_ivc": True},
    }}  # fmt: skip
    with fake() as vendor:
        usual = ask(vendor.base_url, speaking())
        fast = ask(vendor.base_url, speaking(provider_options=options, seed=7))
        assert not vendor.failures
        assert len(vendor.ledger.executed) == 2
    assert usual.audio is not None
    assert fast.audio is not None
    assert fast.audio.duration_s == pytest.approx((usual.audio.duration_s or 0) / 1.2, rel=0.01)


def test_a_language_goes_along_where_the_model_takes_one() -> None:
    with fake() as vendor:
        ask(vendor.base_url, speaking(model=FLASH, language="de-AT"))
        with pytest.raises(UnsupportedFeatureError, match="flash") as caught:
            ask(vendor.base_url, speaking(language="de"))
    assert caught.value.feature == "language"


@pytest.mark.parametrize(
    ("fields", "feature"),
    [({"instructions": "Whisper."}, "instructions"), ({"temperature": 0.5}, "temperature"),
     ({"model": "eleven_v3", "provider_options": {"previous_text": "A"}}, "previous_text")],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_before_sending(
    fields: dict[str, Any], feature: str
) -> None:
    with fake() as vendor:
        with pytest.raises(UnsupportedFeatureError) as caught:
            ask(vendor.base_url, speaking(**fields))
        assert not vendor.ledger.entries
    assert caught.value.feature == feature
    assert caught.value.fix


def test_a_text_at_the_limit_is_spoken_and_one_past_it_is_not() -> None:
    with fake(voice=lambda text: _short()) as vendor:
        assert ask(vendor.base_url, speaking("x" * 5000, model="eleven_v3")).usage.characters == (
            5000
        )
        with pytest.raises(TextTooLongError) as caught:
            ask(vendor.base_url, speaking("x" * 5001, model="eleven_v3"))
        assert len(vendor.ledger.entries) == 1
    assert (caught.value.measured, caught.value.allowed) == (5001, 5000)


def _short() -> Any:
    import numpy as np

    return np.full(2400, 0.1, dtype=np.float32)


@pytest.mark.parametrize(
    ("model", "factor", "characters"),
    # 13 characters: 13 credits; 6.5 credits, rounded to 7 by the vendor; twice the usual.
    [(SPEECH, 1, 13), (FLASH, 1, 13), (SPEECH, 2, 26), (FLASH, 2, 26), ("eleven_v4", 2, 13)],
)
def test_credits_are_not_taken_for_characters(model: str, factor: int, characters: int) -> None:
    with fake(voice_factor=Decimal(factor)) as vendor:
        reply = ask(vendor.base_url, speaking(model=model))
    assert reply.usage.characters == characters


@BACKENDS
def test_speech_is_written_down_with_times_language_and_seconds(backend: str) -> None:
    clip = said("Where is the station")
    with fake() as vendor:
        reply = ask(vendor.base_url, transcribing(clip), backend=backend)
        (entry,) = vendor.ledger.executed
    assert reply.text == "Where is the station"
    assert reply.language == "en"
    assert [one.text for one in reply.segments] == ["Where", "is", "the", "station"]
    assert all(one.is_word for one in reply.segments)
    assert reply.segments[0].start_s == 0
    assert reply.segments[-1].end_s == pytest.approx(clip.duration_s, abs=0.01)
    assert reply.segments[0].confidence == pytest.approx(math.exp(-0.1))
    assert reply.segments[0].speaker is None
    assert reply.usage.input_audio_s == pytest.approx(entry.bill.seconds)
    assert reply.id


def test_what_is_asked_of_a_transcription_reaches_the_vendor(tmp_path: Path) -> None:
    options = {"diarize": True, "num_speakers": 2, "keyterms": ("Zoë", "ossicle"),
               "tag_audio_events": True, "timestamps": "word"}  # fmt: skip
    path = tmp_path / "Zoës secret meeting.wav"
    path.write_bytes(said("Hello").read_bytes())
    seen = []
    with fake(ear=lambda samples, rate: seen.append(rate) or "Hello") as vendor:  # type: ignore[func-returns-value]
        request = transcribing(
            AudioClip.from_path(path),
            language="en-GB", seed=3, temperature=0.2, provider_options=options,
        )  # fmt: skip
        reply = ask(vendor.base_url, request, zero_retention=True)
    assert reply.segments[0].speaker == "speaker_0"
    assert reply.language == "en"
    assert seen == [24_000]


def test_a_form_holds_no_name_of_a_file() -> None:
    from ossicle.rest import form_body

    body = form_body([("model_id", "scribe_v2")], name="file", clip=said("Hello"))
    parts = [part if isinstance(part, bytes) else part.clip.read_bytes() for part in body.parts]
    fields = parse_form(b"".join(parts), body.media_type)
    assert [(part.name, part.filename) for part in fields] == [
        ("model_id", None), ("file", "audio.wav"),
    ]  # fmt: skip


def test_silence_is_an_empty_transcription() -> None:
    with fake(ear=lambda samples, rate: "") as vendor:
        reply = ask(vendor.base_url, transcribing(said("x")))
    assert reply.text == ""


def test_it_answers_nobody() -> None:
    message = Message(role="user", parts=(TextPart(text="Hello"),))
    with pytest.raises(UnsupportedModalityError, match="cascade"):
        ask("http://127.0.0.1:9", Request(task="respond", model=SPEECH, messages=(message,)))


def test_a_key_is_needed_when_something_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
    with fake() as vendor:
        with pytest.raises(MissingKeyError, match="ELEVENLABS_API_KEY"):
            ask(vendor.base_url, speaking(), key=None)
        monkeypatch.setenv("ELEVENLABS_API_KEY", KEY)
        assert heard(ask(vendor.base_url, speaking(), key=None)) == "Good morning."


def test_the_url_may_leave_the_version_out() -> None:
    with fake(keys=[KEY]) as vendor:
        assert heard(ask(vendor.url, speaking())) == "Good morning."


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (speaking(model="eleven_none"), ModelNotFoundError),
        (speaking(voice="nobody"), RequestRefusedError),
        (speaking(voice="../../v1/user?x=#"), RequestRefusedError),
        (speaking("This is forbidden."), ContentRefusedError),
        (speaking(output_format=AudioFormat.pcm(sample_rate=44_100)), PermissionRefusedError),
        (transcribing(said("x"), model=HEARING + "_none"), ModelNotFoundError),
    ],
)
def test_the_vendors_refusals(request_: Request, error: type[Exception]) -> None:
    with fake(forbidden=["forbidden"]) as vendor:
        with pytest.raises(error) as caught:
            ask(vendor.base_url, request_)
        assert not vendor.ledger.executed
    assert getattr(caught.value, "billed", None) is False
    assert getattr(caught.value, "request_id", None)
    assert getattr(caught.value, "fix", None)


@pytest.mark.parametrize(
    "options",
    [{"no_such_option": 1}, {"voice_settings": {"stability": 2}}, {"elevenlabs": {"diarise": 1}}],
)
def test_options_that_do_not_exist_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="elevenlabs"):
        ask("http://127.0.0.1:9", speaking(provider_options=options))


def test_a_request_beyond_the_endpoints_limit_is_not_sent() -> None:
    with fake() as vendor:
        with pytest.raises(AudioLimitError) as caught:
            ask(vendor.base_url, transcribing(said("Hello")), max_request_bytes=2000)
        assert not vendor.ledger.entries
    assert caught.value.allowed == 2000


@BACKENDS
def test_a_deadline_in_the_past_sends_nothing(backend: str) -> None:
    with fake() as vendor:

        async def work(provider: ElevenLabsProvider) -> None:
            await collect(provider, speaking(deadline=anyio.current_time() - 1))

        with pytest.raises(DeadlineExceededError):
            with_provider(vendor.base_url, work, backend=backend)
        assert not vendor.ledger.entries


@BACKENDS
def test_a_consumer_that_leaves_frees_the_connection(backend: str) -> None:
    with fake() as vendor:

        async def work(provider: ElevenLabsProvider) -> None:
            events = provider.respond(speaking("A text. " * 40, stream=True))
            assert isinstance(await anext(events), ReplyStarted)
            await events.aclose()  # type: ignore[attr-defined]
            await collect(provider, speaking())

        with_provider(vendor.base_url, work, backend=backend)
        assert vendor.ledger.wait_idle(n_entries=2)
