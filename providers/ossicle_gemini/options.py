"""What an application may set beside the shared interface: per endpoint and per call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ossicle.rest import Options, RestOptions

PROVIDER = "gemini"
"""Name of the provider."""


class EndpointOptions(RestOptions):
    """Settings of the endpoint (`ProviderSettings.options`).

    Attributes:
        max_request_bytes: Longest request body that is sent, base64 included.
            Source: "Increased file size limits" (Google's developer blog, 2026-01-12): inline
            data went from 20 MB to 100 MB, "with varying limits based on data types".
    """

    max_request_bytes: int = Field(default=100_000_000, ge=1024)


class CallOptions(Options):
    """Extras of one call (`provider_options["gemini"]`).

    Attributes:
        top_p: Nucleus sampling (`respond`).
        top_k: Sampling among the most likely (`respond`).
        stop: Texts at which the model stops (`respond`).
        thinking_level: How long the model thinks, where it does (`respond`).
        safety_settings: Threshold by category, as the vendor names both.
        vocabulary: Phrases to expect (`transcribe`); the vendor takes 1,000.
        word_timestamps: Ask for a time for each word (`transcribe`).
        diarization: Ask who speaks (`transcribe`).
        extra_body: Further fields of the request, merged over what ossicle writes.
    """

    top_p: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=1)
    stop: tuple[str, ...] = Field(default=(), max_length=5, repr=False)
    thinking_level: Literal["minimal", "low", "medium", "high"] | None = None
    safety_settings: dict[str, str] = Field(default_factory=dict)
    vocabulary: tuple[str, ...] = Field(default=(), max_length=1000, repr=False)
    word_timestamps: bool = False
    diarization: bool = False
    extra_body: dict[str, Any] = Field(default_factory=dict, repr=False)
