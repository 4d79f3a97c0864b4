"""The base of all errors."""

from __future__ import annotations

from typing import Any, ClassVar


class OssicleError(Exception):
    """Base of every error that ossicle raises on purpose.

    Args:
        what: What happened, with the offending value; one sentence without a final period.
        fix: What to do next; one sentence. `None` when there is nothing the caller can do.

    Attributes:
        code: Stable short name of the kind, for programs.
        retryable: Whether the same call may succeed later without any change.
        retry_after_s: Seconds the vendor asked to wait, or `None`.
        receipt: How far the call came (`ossicle.Receipt`), set by the pipeline; `None` before.
    """

    code: ClassVar[str] = "error"
    retryable: bool = False
    retry_after_s: float | None = None
    receipt: Any = None

    def __init__(self, what: str, *, fix: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        """The message: what happened and what to do next."""
        what = self.what.rstrip(".")
        return f"{what}. {self.fix}" if self.fix else f"{what}."

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by attributes, so that errors cross process borders whole."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    kind: type[OssicleError], args: tuple[Any, ...], facts: dict[str, Any]
) -> OssicleError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
