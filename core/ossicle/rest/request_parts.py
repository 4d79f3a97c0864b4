"""What a request asks of a speech or transcription endpoint, and what such an endpoint cannot do.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from ossicle.audio import AudioClip
from ossicle.errors import TextTooLongError, UnsupportedFeatureError
from ossicle.messages import AudioPart, Request, TextPart


def clip_of(request: Request) -> AudioClip:
    """The one clip of a `transcribe` request.

    Args:
        request: Ready to send.

    Raises:
        UnsupportedFeatureError: There is none, or more than one.

    Example:
        body = audio_body(clip_of(request))
    """
    clips = [part.clip for part in request.messages[-1].parts if isinstance(part, AudioPart)]
    if len(clips) != 1:
        raise UnsupportedFeatureError(
            f"a transcription takes one clip, not {len(clips)}",
            feature="clips",
            fix="Transcribe one clip at a time.",
        )
    return clips[0]


def spoken_text(request: Request, *, max_chars: int | None = None) -> str:
    """What a `speak` request wants said.

    Args:
        request: Ready to send.
        max_chars: Code points of one request; `None`: any number.

    Raises:
        TextTooLongError: It is longer.

    Example:
        payload = {"text": spoken_text(request, max_chars=record.capabilities.max_text_chars)}
    """
    text = "\n".join(part.text for part in request.messages[-1].parts if isinstance(part, TextPart))
    if max_chars is not None and len(text) > max_chars:
        raise TextTooLongError(
            f"the text of {len(text)} characters is longer than the {max_chars} of one request",
            measured=len(text),
            allowed=max_chars,
            fix="Speak it in parts.",
        )
    return text


def refuse_unsupported(model: str, rules: Iterable[tuple[object, str, str]]) -> None:
    """Refuse what the model does not take, rather than drop it.

    Args:
        model: The model that is asked.
        rules: For each: what is asked (nothing where it is false), the feature, and a fix.

    Raises:
        UnsupportedFeatureError: The first that is asked.

    Example:
        refuse_unsupported(request.model, [(request.seed, "seed", "Leave it out.")])
    """
    for is_asked, feature, fix in rules:
        if is_asked:
            raise UnsupportedFeatureError(f"{model} takes no {feature}", feature=feature, fix=fix)
