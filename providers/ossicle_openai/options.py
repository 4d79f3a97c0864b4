"""What an application may set beside the shared interface: per endpoint and per call."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from ossicle.rest import Options, RestOptions

PROVIDER = "openai"
"""Name of the provider."""

TranscriptionFormat = Literal["json", "text", "verbose_json", "diarized_json", "srt", "vtt"]
"""How a transcription is answered."""

_MIB = 1 << 20

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A token of RFC 9110, section 5.6.2."""

_OWN_HEADERS = frozenset(
    {"accept", "accept-encoding", "api-key", "authorization", "connection", "content-encoding",
     "content-length", "content-type", "cookie", "expect", "host", "proxy-authorization", "te",
     "trailer", "transfer-encoding", "upgrade"}
)  # fmt: skip


class EndpointOptions(RestOptions):
    """Settings of one endpoint (`ProviderSettings.options`).

    Attributes:
        profile: Name of the endpoint profile; `None` goes by the host of the base URL.
        organization: Sent as `OpenAI-Organization`.
        project: Sent as `OpenAI-Project`.
        api_version: Azure's dated API version; with it the deployment paths are used, without it
            Azure's v1 route.
        max_request_bytes: Longest request body that is sent; compatible servers may take more than
            OpenAI.
        max_event_bytes: Longest single event of a stream; a relay may put a megabyte in a line.
    """

    profile: str | None = None
    organization: str | None = None
    project: str | None = None
    api_version: str | None = None
    max_request_bytes: int = Field(default=1024 * _MIB, ge=1024)
    max_event_bytes: int = Field(default=32 * _MIB, ge=1024)


class CallOptions(Options):
    """Extras of one call (`provider_options["openai"]`).

    Attributes:
        voice_id: Id of a custom voice, sent as `{"id": …}` in place of the voice's name.
        store: Keep the completion in the vendor's store (`respond`).
        metadata: Goes with a stored completion.
        top_p: Nucleus sampling.
        parallel_tool_calls: Whether the model may ask for several calls at once.
        include_obfuscation: Whether stream events are padded with noise against eavesdroppers who
            see lengths; off saves bandwidth.
        user: The vendor's field for an end user's opaque id.
        speed: Of `speak`, 0.25 to 4.
        verbatim_tolerance: Share of words by which a chat model's reading may differ from the
            text before it is an error (`speak` on a chat model).
        prompt: Context for `transcribe`, in place of its `instructions`.
        keywords: Words to expect (`transcribe`, where the model takes them).
        languages: Languages to expect (`transcribe`, where the model takes several).
        timestamps: Finest timestamps wanted of `transcribe`, where the model has them.
        logprobs: Ask for log probabilities, where the model has them; they become the confidence
            of segments.
        response_format: Of `transcribe`; `None` takes the richest that the model has.
        known_speakers: Names and 2–10 s data URLs of speech, for diarization.
        extra_body: Further fields of the request, sent as they are.
        headers: Further headers of this call's requests, for tracing or a proxy on the way; none
            that carries the key or frames the message. Never logged.
    """

    voice_id: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None
    top_p: float | None = Field(default=None, ge=0, le=1)
    parallel_tool_calls: bool | None = None
    include_obfuscation: bool = False
    user: str | None = None
    speed: float | None = Field(default=None, ge=0.25, le=4.0)
    verbatim_tolerance: float = Field(default=0.1, ge=0, le=1)
    prompt: str | None = Field(default=None, repr=False)
    keywords: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    timestamps: Literal["none", "segment", "word"] = "segment"
    logprobs: bool = False
    response_format: TranscriptionFormat | None = None
    known_speakers: dict[str, str] = Field(default_factory=dict, repr=False, max_length=4)
    extra_body: dict[str, Any] = Field(default_factory=dict, repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if _HEADER_NAME.fullmatch(name) is None or name.lower() in _OWN_HEADERS:
                raise ValueError("a header that a call may not set")
            if not value.isascii() or not value.isprintable():
                raise ValueError("a header's value is not printable ASCII")
        return headers
