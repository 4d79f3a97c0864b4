"""What the vendor says a call used (`usageMetadata`), read without trust. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ossicle.messages import Usage
from ossicle.rest import count_of, mappings_of


def usage_of(data: object) -> Usage | None:
    """Usage with inclusive totals, and their parts by modality where reported.

    Thoughts are billed as output and are text; prompts of tools that ran at the vendor's are
    input. What is absent, negative, not a number or impossibly large stays `None`.

    Source:
        `GenerateContentResponse.UsageMetadata` in https://ai.google.dev/api/generate-content, and
        the types of google-genai 3.4.0; read 2026-11-23.
    """
    if not isinstance(data, Mapping):
        return None
    prompt, tools, written, thoughts, cached = (
        count_of(data.get(f"{name}TokenCount"))
        for name in ("prompt", "toolUsePrompt", "candidates", "thoughts", "cachedContent")
    )
    heard = _by_modality(data.get("promptTokensDetails"))
    said = _by_modality(data.get("candidatesTokensDetails"))
    fields = {
        "input_tokens": _sum(prompt, tools),
        "output_tokens": _sum(written, thoughts),
        "input_text_tokens": _sum(heard.get("TEXT"), tools if heard else None),
        "input_audio_tokens": heard.get("AUDIO"),
        "cached_tokens": cached,
        "output_text_tokens": _sum(said.get("TEXT"), thoughts if said else None),
        "output_audio_tokens": said.get("AUDIO"),
    }
    if all(value is None for value in fields.values()):
        return None
    return Usage.model_validate(fields)


def _by_modality(details: object) -> dict[str, int]:
    """Tokens by the vendor's name of the modality; a name that repeats adds up."""
    found: dict[str, int] = {}
    for detail in mappings_of(details):
        name, count = detail.get("modality"), count_of(detail.get("tokenCount"))
        if isinstance(name, str) and count is not None:
            found[name.upper()] = found.get(name.upper(), 0) + count
    return found


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is None and second is None else (first or 0) + (second or 0)
