"""What must not be said, and to whom calls do not belong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ossicle_testing.conformance.provider.bench import CANARY
from ossicle_testing.conformance.provider.errors import ErrorChecks
from ossicle_testing.conformance.provider.hostile_server import BAD_REPLIES, hostile_server
from ossicle_testing.conformance.provider.reply_assertions import judge_error
from ossicle_testing.conformance.provider.requests import make_request
from ossicle_testing.conformance.suite import check

PROMPT = "The zanzibar password is quixotic."
"""What a user said; it must not stand in errors and logs."""

_TOLD = "zanzibar"


class SecrecyChecks(ErrorChecks, is_part=True):
    """Checks of errors, logs and representations."""

    @check("gives away neither the key nor what was said, in errors, logs and representations")
    def test_nothing_secret_is_told(self) -> None:
        """The failing vendor sends back everything that it got."""
        settings = self.remote_or_skip()
        with _listening() as records:
            provider = self.spec_.factory(settings)
            told = f"{provider!r} {provider} {self.spec_!r}"
            assert CANARY not in told, "the key stands in the representation"
            for delivery in self.each_task():
                request = make_request(delivery, clip=self.clip(delivery), text=PROMPT)
                for reply in BAD_REPLIES:
                    with hostile_server(reply) as server:
                        error = self.fail(replace(settings, base_url=server.url), request)
                    judge_error(error, secret=CANARY)
                    judge_error(error, secret=_TOLD)
        for record in records:
            text = f"{record.getMessage()} {record.exc_info or ''}"
            assert CANARY not in text, f"the key stands in the log of {record.name}"
            assert record.levelno < logging.INFO or _TOLD not in text, (
                f"what was said stands in the log of {record.name}"
            )


@contextmanager
def _listening() -> Iterator[list[logging.LogRecord]]:
    """Everything that is logged within the block, down to the least level."""
    records: list[logging.LogRecord] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    root, handler = logging.getLogger(), Ear()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
