"""How each server that speaks OpenAI's protocol differs from OpenAI, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ossicle.errors import ConfigurationError

OPENAI_URL = "https://api.openai.com/v1"

InputEncoding = Literal["base64", "data_uri", "audio_url"]
"""How audio stands in a message: bare base64 or a data URI inside `input_audio`, or a data URI
inside a part of its own kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointProfile:
    """What one kind of server does its own way.

    Attributes:
        name: What users write to choose it.
        base_url: Used when none is given; `None`: one has to be given.
        hosts: Hosts, and endings of hosts that start with a dot, that are surely of this kind.
        key_variables: Environment variables that may hold the key, first one first.
        needs_key: Whether a missing key is an error; else a placeholder is sent.
        is_openai: Whether OpenAI's own models, dates and prices apply without reserve.
        input_encoding: How audio stands in a message.
        streams_only_audio: Whether audio only comes when streamed.
        sends_audio_field: Whether the request names voice and format in `audio`.
        audio_modalities: What `modalities` says when audio is asked for.
        stream_format: What `audio.format` says when streaming.
        is_pcm_despite_label: Whether audio that should be WAV is raw PCM when it has no header.
        text_is_transcript: Whether the text beside the audio is what the audio says.
        speaker_parameter: Field of the body that names the voice instead of `audio.voice`.
        max_tokens_parameter: Field of the body that bounds the answer.
        sends_stream_options: Whether it understands `stream_options`.
        sends_obfuscation: Whether it understands `include_obfuscation`.
        speech_formats: Formats of `/audio/speech`; `None`: those of the model.
        speech_streams_events: Whether `/audio/speech` understands `stream_format: "sse"`.
        transcription_formats: Response formats of `/audio/transcriptions`; `None`: the model's.
        transcription_streams: Whether transcriptions can be streamed.
        failed_requests_are_billed: Whether an error reply may still be charged; `None`: unknown.
    """

    name: str
    base_url: str | None = None
    hosts: tuple[str, ...] = ()
    key_variables: tuple[str, ...] = ("OPENAI_API_KEY",)
    needs_key: bool = True
    is_openai: bool = False
    input_encoding: InputEncoding = "base64"
    streams_only_audio: bool = False
    sends_audio_field: bool = True
    audio_modalities: tuple[str, ...] = ("text", "audio")
    stream_format: str = "pcm16"
    is_pcm_despite_label: bool = False
    text_is_transcript: bool = False
    speaker_parameter: str | None = None
    max_tokens_parameter: str = "max_completion_tokens"
    sends_stream_options: bool = True
    sends_obfuscation: bool = False
    speech_formats: tuple[str, ...] | None = None
    speech_streams_events: bool = False
    transcription_formats: tuple[str, ...] | None = None
    transcription_streams: bool = True
    failed_requests_are_billed: bool | None = None


_PROFILES: tuple[EndpointProfile, ...] = (
    EndpointProfile(
        name="openai",
        base_url=OPENAI_URL,
        hosts=("api.openai.com", ".api.openai.com"),
        is_openai=True,
        sends_obfuscation=True,
        speech_streams_events=True,
    ),
    EndpointProfile(
        name="azure",
        hosts=(".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"),
        key_variables=("AZURE_OPENAI_API_KEY", "OPENAI_API_KEY"),
        sends_obfuscation=False,
    ),
    # Audio only with stream: true (400 otherwise); speech has mp3 and pcm and ignores "sse";
    # transcriptions ignore "stream". Source: measurements of 2026-09-27.
    EndpointProfile(
        name="openrouter",
        base_url="https://openrouter.ai/api/v1",
        hosts=("openrouter.ai",),
        key_variables=("OPENROUTER_API_KEY", "OPENAI_API_KEY"),
        streams_only_audio=True,
        speech_formats=("mp3", "pcm"),
        transcription_formats=("json", "verbose_json"),
        transcription_streams=False,
    ),
    # Source: vllm-project/vllm, docs/features/multimodal_inputs.md, 2026-11.
    EndpointProfile(
        name="vllm",
        needs_key=False,
        input_encoding="audio_url",
        max_tokens_parameter="max_tokens",
    ),
    # Text in choices[0], audio in choices[1]; no `audio` field, the voice is `speaker`.
    # Source: vllm-omni, examples/online_serving/qwen3_omni/README.md, 2026-11.
    EndpointProfile(
        name="vllm-omni",
        needs_key=False,
        input_encoding="audio_url",
        sends_audio_field=False,
        speaker_parameter="speaker",
        text_is_transcript=True,
        max_tokens_parameter="max_tokens",
    ),
    # Streams only; asked for wav it sends raw 24 kHz samples; text comes in `content`.
    # Source: alibabacloud.com, model-studio/qwen-omni, 2026-10.
    EndpointProfile(
        name="qwen-omni",
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        hosts=("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"),
        key_variables=("DASHSCOPE_API_KEY", "OPENAI_API_KEY"),
        input_encoding="data_uri",
        streams_only_audio=True,
        stream_format="wav",
        is_pcm_despite_label=True,
        text_is_transcript=True,
        max_tokens_parameter="max_tokens",
    ),
    # Source: speaches-ai/speaches at 870e1e16.
    EndpointProfile(name="speaches", needs_key=False, speech_streams_events=True),
    # Source: mudler/LocalAI at 82c191af.
    EndpointProfile(name="localai", needs_key=False, max_tokens_parameter="max_tokens"),
    EndpointProfile(
        name="groq",
        base_url="https://api.groq.com/openai/v1",
        hosts=("api.groq.com",),
        key_variables=("GROQ_API_KEY", "OPENAI_API_KEY"),
        transcription_formats=("json", "verbose_json", "text"),
        transcription_streams=False,
    ),
    # Speech comes as {"audio_data": "<base64>"}.
    EndpointProfile(
        name="mistral",
        base_url="https://api.mistral.ai/v1",
        hosts=("api.mistral.ai",),
        key_variables=("MISTRAL_API_KEY", "OPENAI_API_KEY"),
        max_tokens_parameter="max_tokens",
        sends_stream_options=False,
        speech_streams_events=True,
    ),
    # Any other server: OpenAI's dialect, nothing assumed about dates, and no key demanded.
    EndpointProfile(name="generic", needs_key=False, speech_streams_events=True),
)

PROFILE_NAMES: tuple[str, ...] = tuple(profile.name for profile in _PROFILES)


def profile_named(name: str) -> EndpointProfile:
    """The profile of this name.

    Raises:
        ConfigurationError: There is none.
    """
    for profile in _PROFILES:
        if profile.name == name:
            return profile
    raise ConfigurationError(
        f"there is no endpoint profile {name!r}", fix=f"Use one of {', '.join(PROFILE_NAMES)}."
    )


def profile_for(base_url: str | None) -> EndpointProfile:
    """The profile that the host of a base URL surely means, else the generic one.

    `None` is OpenAI itself. A host is only recognised when no one else can own it.
    """
    if base_url is None:
        return profile_named("openai")
    try:
        host = (urlsplit(base_url).hostname or "").lower()
    except ValueError:  # no URL at all, which is said where it is checked
        return profile_named("generic")
    for profile in _PROFILES:
        for known in profile.hosts:
            if host == known or (known.startswith(".") and host.endswith(known)):
                return profile
    return profile_named("generic")
