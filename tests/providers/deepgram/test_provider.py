"""Calls of the provider to a fake vendor over a real socket; the vendor's ledger is the judge."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr
from tests.providers.calls import collect, folded, run_with

from ossicle.abc import ProviderSettings
from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import (
    AmbiguousOutcomeError,
    AudioMissingError,
    AuthenticationError,
    InvalidReplyError,
    MissingKeyError,
    ModelNotFoundError,
    OssicleError,
    PermissionRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestRefusedError,
    StreamIncompleteError,
    UnsupportedFeatureError,
)
from ossicle.messages import (
    AudioPart,
    Finished,
    Message,
    Reply,
    Request,
    Segment,
    SegmentReported,
    TextDelta,
    TextPart,
    UsageReported,
)
from ossicle_deepgram.mapping import read_error, speak_path, transcription_events
from ossicle_deepgram.options import CallOptions
from ossicle_deepgram.provider import DeepgramProvider
from ossicle_testing.vendors import (
    FakeDeepgram,
    Fault,
    FaultKind,
    ListedFaults,
    tone_ear,
    tone_voice,
)
from ossicle_testing.vendors.audio import pcm16_bytes, wav_header

KEY = "0123456789abcdef0123456789abcdef01234567"
PCM = AudioFormat.pcm(sample_rate=24_000)
K = FaultKind


def ask(url: str, request: Request, *, key: str | None = KEY, **options: Any) -> Reply:
    secret = None if key is None else SecretStr(key)
    settings = ProviderSettings(api_key=secret, base_url=url, options=options)
    events = run_with(
        lambda: DeepgramProvider(settings),
        lambda provider: collect(provider, request),
        backend="trio",
    )
    return folded(events, provider="deepgram", model=request.model)


def speaking(text: str = "Good morning.", **fields: Any) -> Request:
    message = Message(role="user", parts=(TextPart(text=text),))
    fields = {"model": "aura-2-thalia-en", "output_format": PCM, **fields}
    return Request(task="speak", messages=(message,), output=frozenset({"audio"}), **fields)


def transcribing(text: str = "Hello there", **fields: Any) -> Request:
    data = pcm16_bytes(tone_voice(text))
    clip = AudioClip.from_bytes(wav_header(len(data)) + data)
    message = Message(role="user", parts=(AudioPart(clip=clip),))
    return Request(task="transcribe", messages=(message,), **{"model": "nova-3", **fields})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "form",
    [PCM, AudioFormat.pcm(sample_rate=8000), AudioFormat.named("mp3", sample_rate=22_050),
     AudioFormat.named("opus", sample_rate=48_000)],
    ids=str,
)  # fmt: skip
def test_a_text_is_spoken_in_the_format_asked_for(form: AudioFormat, stream: bool) -> None:
    with FakeDeepgram(keys=[KEY]) as vendor:
        reply = ask(vendor.base_url, speaking(output_format=form, stream=stream))
        (entry,) = vendor.ledger.executed
    assert reply.audio is not None
    pcm = reply.audio.to_pcm()
    assert tone_ear(pcm.samples.mean(axis=1), pcm.sample_rate) == "Good morning."
    assert reply.audio.format.encoding == form.encoding
    assert reply.usage.characters == entry.bill.characters == 13


def test_a_clip_is_written_down_with_words_speakers_and_utterances() -> None:
    options = {"deepgram": {"diarize": True}}
    with FakeDeepgram(keys=[KEY]) as vendor, vendor.watching() as seen:
        reply = ask(vendor.base_url, transcribing(language="en", provider_options=options))
        (entry,) = vendor.ledger.executed
    assert reply.text == "Hello there"
    assert [(one.text, one.is_word, one.speaker) for one in reply.segments] == [
        ("Hello there", False, "0"), ("Hello", True, "0"), ("there", True, "0"),
    ]  # fmt: skip
    assert reply.usage.input_audio_s == pytest.approx(entry.bill.seconds)
    assert seen[0].query == (
        "model=nova-3&language=en&smart_format=true&utterances=true&diarize=true"
    )


FAULTS: dict[FaultKind, type[OssicleError]] = {
    K.STATUS_400: RequestRefusedError,
    K.STATUS_401: AuthenticationError,
    K.STATUS_403: PermissionRefusedError,
    K.STATUS_413: RequestRefusedError,
    K.STATUS_429: RateLimitedError,
    K.STATUS_500: ProviderUnavailableError,
    K.STATUS_502: AmbiguousOutcomeError,
    K.STATUS_503: ProviderUnavailableError,
    K.STATUS_504: AmbiguousOutcomeError,
    K.CLOSE_BEFORE_HEADERS: AmbiguousOutcomeError,
    K.NO_ANSWER: AmbiguousOutcomeError,
    K.HTML_200: InvalidReplyError,
    K.EMPTY_BODY: InvalidReplyError,
    K.ERROR_BODY_200: ProviderUnavailableError,
}
OF_SPEECH = {
    K.TRUNCATED_CHUNKED: StreamIncompleteError,
    K.STALL_IN_BODY: StreamIncompleteError,
    K.EMPTY_BODY: AudioMissingError,
    K.AUDIO_MISSING: AudioMissingError,
    K.NONSENSE_AUDIO: InvalidReplyError,
}
OF_HEARING = {
    K.TRUNCATED_LENGTH: AmbiguousOutcomeError,
    K.STALL_IN_BODY: AmbiguousOutcomeError,
    K.BROKEN_JSON: InvalidReplyError,
    K.EMPTY_CHOICES: InvalidReplyError,
}
CASES = [
    *((speaking(stream=True), kind, error) for kind, error in (FAULTS | OF_SPEECH).items()),
    *((transcribing(), kind, error) for kind, error in (FAULTS | OF_HEARING).items()),
]


@pytest.mark.parametrize(
    ("request_", "kind", "wanted"), CASES, ids=[f"{case[0].task}-{case[1].name}" for case in CASES]
)
def test_every_fault_is_an_error_that_holds_no_key(
    request_: Request, kind: FaultKind, wanted: type[OssicleError]
) -> None:
    patience_s = 0.3 if kind in (K.NO_ANSWER, K.STALL_IN_BODY) else 30.0
    with FakeDeepgram(keys=[KEY], schedule=ListedFaults([Fault(kind=kind)])) as vendor:
        with pytest.raises(OssicleError) as caught:
            ask(vendor.base_url, request_, read_timeout_s=patience_s)
        (entry,) = vendor.ledger.entries
    assert entry.fault is kind
    assert type(caught.value) is wanted
    assert KEY not in f"{caught.value} {vars(caught.value)}"
    assert caught.value.fix
    if getattr(caught.value, "billed", None) is False:
        assert not entry.executed


def test_a_count_that_is_none_gives_way_to_the_texts_length() -> None:
    for kind in (K.USAGE_MISSING, K.USAGE_NAN, K.USAGE_HUGE, K.USAGE_NEGATIVE):
        with FakeDeepgram(schedule=ListedFaults([kind])) as vendor:
            assert ask(vendor.base_url, speaking()).usage.characters == 13


@pytest.mark.parametrize("request_", [transcribing(model="nova-9"), speaking(model="aura-2-none")])
def test_an_unknown_model(request_: Request) -> None:
    with FakeDeepgram() as vendor, pytest.raises(ModelNotFoundError):
        ask(vendor.base_url, request_)


def test_a_key_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    with FakeDeepgram() as vendor, pytest.raises(MissingKeyError, match="DEEPGRAM_API_KEY"):
        ask(vendor.base_url, speaking(), key=None)


@pytest.mark.parametrize(
    "fields", [{"voice": "x"}, {"seed": 1}, {"temperature": 0.5}, {"instructions": "Whisper."}]
)
def test_what_the_vendor_does_not_take_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFeatureError):
        speak_path(speaking(**fields), CallOptions())


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [({"err_code": "INVALID_AUTH", "err_msg": "No.", "request_id": "r"}, "INVALID_AUTH", "No."),
     ({"category": "INVALID_JSON", "message": "Bad.", "details": "At 1."}, "INVALID_JSON",
      "Bad. At 1.")],
)  # fmt: skip
def test_both_forms_of_errors_are_read(body: object, code: str, words: str) -> None:
    said = read_error(body)
    assert said is not None
    assert (said.code, said.message) == (code, words)


@pytest.mark.parametrize("body", [None, [], {}, {"results": {}}, {"results": {"channels": []}}])
def test_no_transcription(body: object) -> None:
    assert read_error(body) is None
    with pytest.raises(InvalidReplyError):
        list(transcription_events(body, duration_s=1.0))


def test_an_answer_as_recorded() -> None:
    """Shape and values of an exchange of 2026-08-13 (crmne/ruby_llm at fb5a49b, MIT), shortened."""
    word = {"word": "ruby", "start": 0.16, "end": 0.56, "confidence": 0.9140625,
            "punctuated_word": "Ruby"}  # fmt: skip
    utterance = {"start": 0.16, "end": 3.52, "confidence": 0.9895833, "channel": 0,
                 "transcript": "Ruby is a language.", "words": [word]}  # fmt: skip
    heard = {"transcript": "Ruby is a language.", "confidence": 0.99902344, "words": [word]}
    body = {
        "metadata": {"duration": 3.6999376, "channels": 1},
        "results": {"channels": [{"alternatives": [heard]}], "utterances": [utterance]},
    }
    text, whole, single, usage, end = transcription_events(body, duration_s=9.0)
    assert text == TextDelta(text="Ruby is a language.")
    assert isinstance(whole, SegmentReported)
    assert not whole.segment.is_word
    assert single == SegmentReported(
        segment=Segment(
            text="Ruby", start_s=0.16, end_s=0.56, is_word=True, confidence=0.9140625
        )
    )  # fmt: skip
    assert isinstance(usage, UsageReported)
    assert usage.usage.input_audio_s == 3.6999376
    assert isinstance(end, Finished)
