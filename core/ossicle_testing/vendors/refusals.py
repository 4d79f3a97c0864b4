"""Error answers that any vendor could give, and the headers that ask to wait."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate

from ossicle_testing.vendors.faults import Fault, FaultKind, RetryAfter
from ossicle_testing.vendors.http import REASONS, Request, Response, json_response

Refuse = Callable[[Fault, Request], Response]
"""Words the answer to a request that a fault of the status group strikes."""


class RefusedError(Exception):
    """A route's way out: what it answers instead. It never leaves the fake vendor.

    Attributes:
        response: The answer.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(f"refused with {response.status}")
        self.response = response


HTML = b"<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


def retry_after_headers(
    form: RetryAfter, *, now_s: float, wait_s: float = 1.0
) -> tuple[tuple[str, str], ...]:
    """The headers that ask to wait, in one of the forms seen or feared in the wild.

    Args:
        form: Which form.
        now_s: Unix seconds; dates count from here.
        wait_s: Seconds to ask for, where the form leaves a choice.
    """
    values = {
        RetryAfter.SECONDS: str(max(1, round(wait_s))),
        RetryAfter.FRACTION: f"{wait_s + 0.25:.2f}",
        RetryAfter.DATE: formatdate(now_s + max(1.0, wait_s), usegmt=True),
        RetryAfter.PAST: formatdate(now_s - 3600, usegmt=True),
        RetryAfter.ZERO: "0",
        RetryAfter.NEGATIVE: "-1",
        RetryAfter.NAN: "nan",
        RetryAfter.INFINITY: "inf",
        RetryAfter.HUGE: "1" + "0" * 35,
        RetryAfter.AT_120: "120",
        RetryAfter.AT_121: "121",
        RetryAfter.EMPTY: "",
        RetryAfter.NO_DATE: "Foo, 99 Bar 20026 25:61:61 GMT",
        RetryAfter.FAR_DATE: "Fri, 31 Dec 100000 23:59:59 GMT",
    }
    if form is RetryAfter.ABSENT:
        return ()
    if form is RetryAfter.MILLISECONDS:
        return (("retry-after-ms", str(round(wait_s * 1000))),)
    return (("retry-after", values[form]),)


def plain_refusal(fault: Fault, request: Request) -> Response:
    """The answer of a vendor without manners of its own."""
    status = fault.facts.status or 500
    if fault.kind in (FaultKind.PROXY_AUTHENTICATION, FaultKind.STATUS_502, FaultKind.STATUS_504):
        # These come from something in between, which speaks HTML.
        return Response(status=status, headers=(("content-type", "text/html"),), body=HTML)
    return json_response({"error": {"message": REASONS.get(status, "Error")}}, status=status)
