"""What must hold when a vendor's answer breaks off, drips or falls silent on the way."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from ossicle.abc import AudioProvider, ProviderSettings
from ossicle.errors import OssicleError, ProviderConnectionError, ProviderError
from ossicle.messages import Event, Finished, Reply, Request
from ossicle_testing.conformance.provider.errors import ErrorChecks
from ossicle_testing.conformance.provider.reply_assertions import (
    judge_error,
    judge_events,
    same_answer,
)
from ossicle_testing.conformance.provider.requests import Delivery, collect, folded
from ossicle_testing.conformance.provider.upstream_relay import Relay
from ossicle_testing.conformance.suite import check

_CUTS = (0.0, 0.3, 0.7, 0.95)
_LEAVES_AFTER_S = 0.15
_PATIENCE_S = 3.0


class BrokenStreamChecks(ErrorChecks, is_part=True):
    """Checks through a relay before the vendor that the settings name."""

    def relayed_or_skip(self) -> tuple[ProviderSettings, str]:
        """The settings and the address of the vendor; skips where there is none on this machine."""
        url = self.settings_.base_url
        if self.spec_.is_local or url is None or not url.startswith("http://"):
            pytest.skip("it has no vendor on this machine to stand before")
        return self.settings_, url

    def _ask(self, settings: ProviderSettings, request: Request) -> list[Event]:
        return self.run(lambda provider: collect(provider, request), settings=settings)

    def _measure(self, settings: ProviderSettings, upstream: str, request: Request) -> int:
        relay = Relay()
        with relay.url(upstream) as url:
            self._ask(replace(settings, base_url=url), request)
        return relay.passed

    @check("takes no answer for complete that broke off, and does not call it never sent")
    def test_cut_answers_are_incomplete(self) -> None:
        """Cut at several places, streamed and whole, with an error of ossicle's own."""
        settings, upstream = self.relayed_or_skip()
        for delivery in self._both_ways():
            request = self.request(delivery)
            whole = folded(self._ask(settings, request), request)
            size = self._measure(settings, upstream, request)
            for share in _CUTS:
                relay = Relay(manner="cut", after=int(size * share))
                with relay.url(upstream) as url:
                    self._judge_cut(replace(settings, base_url=url), request, whole)

    def _both_ways(self) -> list[Delivery]:
        found = {(one.task, one.stream): one for one in self.deliveries()}
        return list(found.values())

    def _judge_cut(self, settings: ProviderSettings, request: Request, whole: Reply) -> None:
        try:
            events = self._ask(settings, request)
        except Exception as error:  # noqa: BLE001 - what leaks is the question
            self._judge_break(error)
            return
        # Behind the last word of an answer there may be bytes that no client needs.
        assert isinstance(events[-1], Finished), "it ended without an error"
        reply = judge_events(events, request)
        assert reply.text == whole.text, "a part was taken for the whole"
        same_answer(reply, whole)

    def _judge_break(self, error: Exception) -> None:
        judge_error(error, secret=self.secret)
        assert isinstance(error, ProviderError), type(error).__name__
        assert not isinstance(error, ProviderConnectionError), (
            "the vendor had the request, and may have executed it"
        )

    @check("reads an answer the same however the network cuts it")
    def test_the_network_may_cut_anywhere(self) -> None:
        """Single bytes, halves of characters and of lines."""
        settings, upstream = self.relayed_or_skip()
        for delivery in self._both_ways():
            request = self.request(delivery)
            whole = judge_events(self._ask(settings, request), request)
            relay = Relay(manner="drip")
            with relay.url(upstream) as url:
                dripped = judge_events(self._ask(replace(settings, base_url=url), request), request)
            if self.is_deterministic:
                same_answer(dripped, whole)

    @check("can be left while its vendor is silent, and ends at once")
    def test_silence_can_be_left(self) -> None:
        """Before the first byte of an answer, and in its middle."""
        settings, upstream = self.relayed_or_skip()
        for delivery in self.each_task():
            request = self.request(delivery)
            size = self._measure(settings, upstream, request)
            for after in (0, size // 2):
                relay = Relay(manner="stall", after=after)
                with relay.url(upstream) as url:
                    self._leave(replace(settings, base_url=url), request)

    def _leave(self, settings: ProviderSettings, request: Request) -> None:
        async def work(provider: AudioProvider) -> None:
            with anyio.move_on_after(_LEAVES_AFTER_S) as leaving:
                try:
                    await collect(provider, request)
                except OssicleError as error:  # its own patience may be shorter
                    judge_error(error, secret=self.secret)
                    return
            assert leaving.cancelled_caught, "it ended by itself without an answer"
            late = anyio.current_time() - leaving.deadline
            assert late < _PATIENCE_S, f"it took {late:.1f} s to let go"

        self.run(work, settings=settings)
