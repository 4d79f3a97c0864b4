"""What an application may set beside the shared interface."""

from __future__ import annotations

from pydantic import Field

from ossicle.rest import Options

PROVIDER = "deepgram"
"""Name of the provider."""


class CallOptions(Options):
    """Extras of one call (`provider_options["deepgram"]`), all of them for `transcribe`.

    Attributes:
        smart_format: Write numbers, dates and punctuation as people do.
        utterances: Report stretches of speech beside the words.
        diarize: Ask who speaks; costs more.
        detect_language: Find the language out; without it and without `language=` the vendor takes
            English.
        extra_query: Further parameters of the request, for either task.
    """

    smart_format: bool = True
    utterances: bool = True
    diarize: bool = False
    detect_language: bool = False
    extra_query: dict[str, str] = Field(default_factory=dict, repr=False)
