"""The header gate: facts against limits, by arithmetic, before any decoder sees a byte."""

from __future__ import annotations

from ossicle.audio import AudioFacts
from ossicle.errors import AudioLimitError
from ossicle.intake.limits import DEFAULT, IntakeLimits

_SHORTER = "Send a shorter piece, or raise IntakeLimits.{name} if you trust the source."
_ESTIMATE_SLACK = 1.25


def check_facts(facts: AudioFacts, limits: IntakeLimits = DEFAULT) -> None:
    """Refuse audio whose header already says that it is beyond the limits.

    A header that says too little is caught while decoding; see `ossicle.intake.decode`.

    Raises:
        AudioLimitError: It is too large, too long, or has too many channels or too high a rate.
    """
    form = facts.format
    _check("encoded_bytes", facts.n_bytes, limits.encoded_bytes, "bytes", facts)
    _check("channels", form.channels, limits.channels, "channels", facts)
    _check("sample_rate", form.sample_rate, limits.sample_rate, "Hz", facts)
    if facts.duration_s is not None:
        # An estimate may be wrong by what the bit rate varies; counting is exact.
        slack = _ESTIMATE_SLACK if facts.is_estimate else 1.0
        _check("decoded_s", facts.duration_s / slack, limits.decoded_s, "seconds", facts)
    if facts.frames is not None and form.channels is not None:
        n_bytes = facts.frames * form.channels * 4
        _check("decoded_bytes", n_bytes, limits.decoded_bytes, "bytes when decoded", facts)


def limit_error(name: str, measured: float | None, allowed: float, unit: str) -> AudioLimitError:
    """The error for one limit.

    Args:
        name: Of the field in `IntakeLimits`.
        measured: What was found, or `None` when it is only known to be more.
        allowed: The limit.
        unit: For the message.
    """
    found = f"more than {allowed:g}" if measured is None else f"{measured:g}"
    return AudioLimitError(
        f"the audio has {found} {unit}; {allowed:g} are allowed",
        limit=name,
        measured=measured,
        allowed=allowed,
        fix=_SHORTER.format(name=name),
    )


def _check(name: str, value: float | None, allowed: float, unit: str, facts: AudioFacts) -> None:
    if value is not None and value > allowed:
        error = limit_error(name, value, allowed, unit)
        error.format = str(facts.format)
        raise error
