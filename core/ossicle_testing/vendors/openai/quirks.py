"""How servers that speak the OpenAI protocol differ from OpenAI, as data.

Source: the servers' own documentation and repositories and measurements by third parties, read
2026-11-22; each profile's comment says what is special.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ErrorStyle = Literal["nested", "flat", "detail", "zod", "text"]
Opening = Literal[
    "id_with_transcript", "transcript_before_id", "id_with_data", "id_alone", "varied"
]
Endpoint = Literal["chat", "speech", "transcriptions", "translations", "models"]

ALL_ENDPOINTS: frozenset[Endpoint] = frozenset(
    ("chat", "speech", "transcriptions", "translations", "models")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """One server's habits; the defaults are OpenAI's.

    Attributes:
        name: Of the profile.
        prefix: What every path begins with.
        endpoints: Which endpoints there are; others answer 404.
        deployment_paths: Whether `/openai/deployments/{model}/...` is served too.
        any_model: Serve every model name: chat, speech and hearing all work.
        any_voice: Take every voice name, and do without one.
        is_strict: Refuse parameters that OpenAI does not know.
        error_style: Shape of error bodies.
        key_header: Where the key is read from; `authorization` expects `Bearer`.

        chat_audio_needs_stream: Audio answers exist only as streams.
        stream_formats: What `audio.format` may be in a stream; `None` takes all.
        honours_format: Whether audio is in the format asked for; if not, see `actual_format`.
        actual_format: What comes instead: raw samples, or MP3 whatever was asked.
        sized_wav: True sizes in WAV headers instead of 0xFFFFFFFF.
        needs_audio_param: Whether audio output needs the `audio` parameter.
        default_modalities: What is answered when `modalities` is left out.
        audio_only: Whether `["audio"]` alone is allowed.
        text_to_text: Whether a request without any audio is served.
        audio_choice: Index of the choice that holds the audio; text stays in 0.
        text_in_content: Text goes in `content`, not in `audio.transcript`.
        empty_content: `content` beside audio is `""` instead of null.
        has_references: Whether audio has an id and an expiry that can be sent back.
        repeats_reference: Id and expiry stand in every chunk, and no chunk ends the stream.
        unknown_reference_status: Status for an id that is not known.
        aligned_base64: Each piece decodes by itself; otherwise the pieces are one text, cut
            anywhere.
        chunks_without_choices: Whether a stream holds chunks whose `choices` is missing or null.
        opening: What the first chunks of an audio stream hold.
        input_encodings: How `input_audio.data` may be written.
        checks_input_format: Whether `input_audio.format` must be wav or mp3 and must be true.
        audio_url_parts: Whether parts of type `audio_url` are heard.
        max_audio_bytes: Largest decoded `input_audio`.
        usage_cost: Whether usage states the cost.

        speech_body: Answer of the speech endpoint: audio, or JSON with `audio_data`.
        speech_formats: What `response_format` may be.
        speech_default_format: When it is left out.
        speech_stream: Whether `stream_format: "sse"` works; otherwise it is ignored.
        speech_usage_key: Name of usage in the last event.
        speech_done_marker: Whether `[DONE]` ends the events.
        speech_content_type: Media type of raw samples.

        hearing_default_format: `response_format` of a transcription when it is left out.
        hearing_formats: All that may be asked for; `None` goes by model.
        hearing_streams: Whether `stream` works; otherwise it is ignored.
        hearing_done_marker: Whether `[DONE]` ends the events.
        hearing_json_body: Whether a JSON body with `input_audio` is taken.
        word_key: Name of the word in word timestamps.
    """

    name: str = "openai"
    prefix: str = "/v1"
    endpoints: frozenset[Endpoint] = ALL_ENDPOINTS
    deployment_paths: bool = False
    any_model: bool = False
    any_voice: bool = False
    is_strict: bool = True
    error_style: ErrorStyle = "nested"
    key_header: Literal["authorization", "api-key"] = "authorization"

    chat_audio_needs_stream: bool = False
    stream_formats: frozenset[str] | None = frozenset({"pcm16"})
    honours_format: bool = True
    actual_format: Literal["pcm16", "mp3"] = "pcm16"
    sized_wav: bool = False
    needs_audio_param: bool = True
    default_modalities: tuple[str, ...] = ("text",)
    audio_only: bool = False
    text_to_text: bool = False
    audio_choice: int = 0
    text_in_content: bool = False
    empty_content: bool = False
    has_references: bool = True
    repeats_reference: bool = False
    unknown_reference_status: int = 400
    aligned_base64: bool = True
    chunks_without_choices: bool = True
    opening: Opening = "varied"
    input_encodings: frozenset[str] = frozenset({"base64"})
    checks_input_format: bool = True
    audio_url_parts: bool = False
    max_audio_bytes: int | None = None
    usage_cost: bool = False

    speech_body: Literal["binary", "json"] = "binary"
    speech_formats: frozenset[str] = frozenset({"mp3", "opus", "aac", "flac", "wav", "pcm"})
    speech_default_format: str = "mp3"
    speech_stream: bool = True
    speech_usage_key: str = "usage"
    speech_done_marker: bool = False
    speech_content_type: str = "audio/pcm"

    hearing_default_format: str = "json"
    hearing_formats: frozenset[str] | None = None
    hearing_streams: bool = True
    hearing_done_marker: bool = False
    hearing_json_body: bool = False
    word_key: Literal["word", "text"] = "word"


OPENAI = Quirks()
"""OpenAI itself: no quirks."""


def _profiles() -> tuple[Quirks, ...]:
    return (
        OPENAI,
        # Own limits of 20 MB and an own key header; paths by deployment come on top.
        Quirks(
            name="azure", prefix="/openai/v1", deployment_paths=True, any_model=True,
            key_header="api-key", max_audio_bytes=20 << 20,
        ),
        # Measured on a live account 2026-09-27: audio only streamed, id and expiry repeated, and
        # MP3 whatever was asked on one route.
        Quirks(
            name="openrouter", prefix="/api/v1", any_model=True, is_strict=False,
            endpoints=frozenset({"chat", "speech", "transcriptions", "models"}),
            error_style="zod", chat_audio_needs_stream=True, empty_content=True,
            repeats_reference=True, chunks_without_choices=False, opening="id_with_transcript",
            usage_cost=True, speech_formats=frozenset({"mp3", "pcm"}),
            speech_default_format="pcm", speech_stream=False,
            speech_content_type="audio/pcm;rate=24000;channels=1", hearing_json_body=True,
            hearing_formats=frozenset({"json", "verbose_json"}), hearing_streams=False,
        ),
        # The same relay in front of a music model: the format is not honoured at all.
        Quirks(
            name="openrouter-lyria", prefix="/api/v1", any_model=True, is_strict=False,
            endpoints=frozenset({"chat", "models"}), error_style="zod",
            chat_audio_needs_stream=True, repeats_reference=True, chunks_without_choices=False,
            honours_format=False, actual_format="mp3", audio_only=True,
        ),
        # Asked for wav, sends raw samples; one base64 text cut anywhere; text in `content`.
        Quirks(
            name="qwen-omni", prefix="/compatible-mode/v1", any_model=True, any_voice=True,
            is_strict=False, endpoints=frozenset({"chat", "models"}),
            chat_audio_needs_stream=True, stream_formats=frozenset({"wav"}),
            honours_format=False, text_to_text=True, text_in_content=True, has_references=False,
            aligned_base64=False, chunks_without_choices=False, opening="id_with_data",
            input_encodings=frozenset({"data_uri"}), checks_input_format=False,
        ),
        Quirks(
            name="vllm", any_model=True, any_voice=True, is_strict=False, error_style="flat",
            endpoints=frozenset({"chat", "transcriptions", "translations", "models"}),
            text_to_text=True, default_modalities=("text",), checks_input_format=False,
            input_encodings=frozenset({"base64", "data_uri"}), audio_url_parts=True,
            chunks_without_choices=False, hearing_formats=frozenset({"json", "text"}),
        ),
        # No `audio` parameter, text and audio as two choices.
        Quirks(
            name="vllm-omni", any_model=True, any_voice=True, is_strict=False, error_style="flat",
            endpoints=frozenset({"chat", "models"}), needs_audio_param=False,
            default_modalities=("text", "audio"), audio_only=True, text_to_text=True,
            audio_choice=1, text_in_content=True, has_references=False, sized_wav=True,
            stream_formats=None, checks_input_format=False, audio_url_parts=True,
            input_encodings=frozenset({"base64", "data_uri"}), chunks_without_choices=False,
        ),
        # Own server around other models: errors of its web framework, no ids kept.
        Quirks(
            name="speaches", any_model=True, any_voice=True, is_strict=False,
            error_style="detail", text_to_text=True, repeats_reference=True,
            unknown_reference_status=500, chunks_without_choices=False, checks_input_format=False,
            speech_usage_key="token_usage",
            hearing_formats=frozenset({"json", "text", "verbose_json", "srt", "vtt"}),
        ),
        Quirks(
            name="localai", any_model=True, any_voice=True, is_strict=False, text_to_text=True,
            endpoints=frozenset({"chat", "speech", "transcriptions", "models"}),
            chunks_without_choices=False, checks_input_format=False, audio_url_parts=True,
            input_encodings=frozenset({"base64", "data_uri"}), sized_wav=True,
            speech_default_format="wav", speech_stream=False,
            hearing_default_format="verbose_json", hearing_done_marker=True, word_key="text",
            hearing_formats=frozenset({"json", "text", "verbose_json", "srt", "vtt"}),
        ),
        Quirks(
            name="groq", prefix="/openai/v1", any_model=True, is_strict=False,
            endpoints=frozenset({"transcriptions", "translations", "models"}),
            hearing_formats=frozenset({"json", "text", "verbose_json"}), hearing_streams=False,
        ),
        # The only one that answers a request for audio with JSON.
        Quirks(
            name="mistral", any_model=True, any_voice=True, is_strict=False,
            error_style="detail", speech_body="json", text_to_text=True,
            endpoints=frozenset({"chat", "speech", "transcriptions", "models"}),
            chunks_without_choices=False, checks_input_format=False,
        ),
    )  # fmt: skip


PROFILES: Mapping[str, Quirks] = MappingProxyType({quirks.name: quirks for quirks in _profiles()})
"""Every profile by name."""
