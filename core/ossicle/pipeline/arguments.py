"""What is wrong with an argument of a call, in ossicle's own words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from ossicle.errors import ConfigurationError
from ossicle.messages import Modality, Task

OUTPUTS: frozenset[Modality] = frozenset({"text", "audio"})


@contextlib.contextmanager
def naming_arguments() -> Iterator[None]:
    """Around the building of a request: a wrong field becomes an error that names it.

    Raises:
        ConfigurationError: A field is wrong; its content, which may be a prompt, is not told.
    """
    try:
        yield
    except ValidationError as error:
        raise _wrong_argument(error) from None  # its text may hold what was said


def is_encodable(text: str) -> bool:
    """Whether a text can go to a wire or a disk: no half of a surrogate pair is in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checked_seconds(timeout_s: float) -> float:
    """The total time of a call, if there is any.

    Raises:
        ConfigurationError: It is no number above 0.
    """
    if not isinstance(timeout_s, int | float) or not timeout_s > 0:
        raise ConfigurationError(
            f"timeout_s of {timeout_s!r} leaves no time", fix="Give a number of seconds above 0."
        )
    return timeout_s


def outputs_of(task: Task, output: Iterable[str] = OUTPUTS) -> frozenset[Modality]:
    """What an answer shall be made of; fixed for `speak` and `transcribe`.

    Raises:
        ConfigurationError: Something other than text and audio is asked for.
    """
    if task != "respond":
        return frozenset({"audio"}) if task == "speak" else frozenset({"text"})
    wanted = [output] if isinstance(output, str) or not isinstance(output, Iterable) else [*output]
    found: frozenset[Modality] = frozenset(name for name in OUTPUTS if name in wanted)
    if not found or any(one not in OUTPUTS for one in map(str, wanted)):
        raise ConfigurationError(
            f"output of {output!r} is impossible",
            fix="Ask for {'text'}, {'audio'} or {'text', 'audio'}.",
        )
    return found


def _wrong_argument(error: ValidationError) -> ConfigurationError:
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    # What is no identifier is an index, or pydantic's name for a member of a union.
    name, *inside = (str(part) for part in first["loc"] if str(part).isidentifier())
    where = "history" if name == "messages" else ".".join((name, *inside))
    return ConfigurationError(
        f"argument {where} is wrong: {first['msg'].lower()}",
        fix="See the arguments of the method.",
    )
