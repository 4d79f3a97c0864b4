"""What an application may set beside the shared interface: per endpoint and per call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ossicle.rest import Options, RestOptions

PROVIDER = "elevenlabs"
"""Name of the provider."""


class EndpointOptions(RestOptions):
    """Settings of the endpoint (`ProviderSettings.options`).

    Attributes:
        zero_retention: Ask the vendor to keep nothing (`enable_logging=false`); for accounts on an
            enterprise plan.
    """

    zero_retention: bool = False


class VoiceSettings(Options):
    """How a voice speaks, over what is stored for it; the ranges are the vendor's.

    Attributes:
        stability: Low is lively, high is even.
        similarity_boost: How close to the original voice.
        style: How much its style is exaggerated.
        use_speaker_boost: Closer to the speaker, and slower.
        speed: Pace; 1.0 is the voice's own.
    """

    stability: float | None = Field(default=None, ge=0, le=1)
    similarity_boost: float | None = Field(default=None, ge=0, le=1)
    style: float | None = Field(default=None, ge=0, le=1)
    use_speaker_boost: bool | None = None
    speed: float | None = Field(default=None, ge=0.7, le=1.2)


class CallOptions(Options):
    """Extras of one call (`provider_options["elevenlabs"]`).

    Attributes:
        voice_settings: How the voice speaks (`speak`).
        previous_text: What was said before, for a fitting tone (`speak`).
        next_text: What will be said after (`speak`).
        apply_text_normalization: Whether numbers and the like are spelled out (`speak`).
        tag_audio_events: Report laughter, footsteps and the like (`transcribe`).
        diarize: Ask who speaks (`transcribe`).
        num_speakers: How many may speak (`transcribe`).
        timestamps: What has times (`transcribe`).
        keyterms: Words to expect (`transcribe`); the vendor takes 100 of up to 50 characters.
        extra_body: Further fields of the request, over what ossicle writes.
    """

    voice_settings: VoiceSettings | None = None
    previous_text: str | None = Field(default=None, repr=False)
    next_text: str | None = Field(default=None, repr=False)
    apply_text_normalization: Literal["auto", "on", "off"] | None = None
    tag_audio_events: bool = False
    diarize: bool = False
    num_speakers: int | None = Field(default=None, ge=1, le=32)
    timestamps: Literal["none", "word"] = "word"
    keyterms: tuple[str, ...] = Field(default=(), max_length=100, repr=False)
    extra_body: dict[str, Any] = Field(default_factory=dict, repr=False)
