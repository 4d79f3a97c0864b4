"""What errors must keep to."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from ossicle.abc import AudioProvider, ProviderSettings
from ossicle.errors import OssicleError, ProviderConnectionError, UnknownModelError
from ossicle.messages import Finished, Request
from ossicle_testing.conformance.probes import watching_connections
from ossicle_testing.conformance.provider.bench import CANARY
from ossicle_testing.conformance.provider.hostile_server import (
    BAD_REPLIES,
    BadReply,
    hostile_server,
)
from ossicle_testing.conformance.provider.references import ReferenceChecks
from ossicle_testing.conformance.provider.reply_assertions import judge_error
from ossicle_testing.conformance.provider.requests import collect
from ossicle_testing.conformance.suite import check
from ossicle_testing.vendors.dead_endpoints import refusing_url

NO_MODEL = "no-such-model-0"
_KEY_ENDINGS = ("_KEY", "_TOKEN", "_KEY_ID")


class ErrorChecks(ReferenceChecks, is_part=True):
    """Checks of what goes wrong."""

    def remote_or_skip(self) -> ProviderSettings:
        """Settings with a key that is known here; skips where nothing leaves the machine."""
        if self.spec_.is_local or self.settings_.base_url is None:
            pytest.skip("it has no endpoint that could fail")
        return replace(self.settings_, api_key=SecretStr(CANARY))

    def fail(self, settings: ProviderSettings, request: Request) -> BaseException:
        """The error of a call that has to fail."""

        async def work(provider: AudioProvider) -> BaseException:
            events: list[Any] = []
            try:
                events = await collect(provider, request)
            except Exception as error:  # noqa: BLE001 - what leaks is the question
                return error
            assert not isinstance(events[-1] if events else None, Finished), (
                "it answered as if all were well"
            )
            pytest.fail("it ended without an error")

        return self.run(work, settings=settings)

    def fail_once(self) -> None:
        """A call to a vendor that refuses, and one to a vendor that hangs up."""
        if self.spec_.is_local or self.settings_.base_url is None:
            return
        request = self.request(self.each_task()[0])
        for reply in (BAD_REPLIES[0], BAD_REPLIES[-1]):
            with hostile_server(reply) as server:
                self.fail(replace(self.settings_, base_url=server.url), request)

    @check("names a vendor that can fail, unless it runs on this machine")
    def test_there_is_a_vendor(self) -> None:
        """Without one on the loopback no error, no secret and no broken answer is tried."""
        if self.spec_.is_local:
            pytest.skip("it runs on this machine")
        url = self.settings_.base_url
        assert url is not None and url.startswith("http://"), (  # noqa: PT018 - one thing
            "it is not local, and no error of its vendor's can be tried: give a fixture `settings` "
            "with the http:// base_url of a fake vendor, see ossicle_testing.vendors"
        )

    @check("connects to nothing where it says that nothing leaves the machine")
    def test_nothing_leaves_the_machine(self) -> None:
        """When it is built and row by row, in any thread; native libraries are not seen."""
        if not self.spec_.is_local:
            pytest.skip("it asks a vendor")
        todo = self.deliveries_or_skip()
        with watching_connections() as accesses:
            self.build()
        assert accesses.seen == [], f"built, it says that it is local, and: {accesses.seen[0]}"

        async def work(provider: AudioProvider) -> None:
            for delivery in todo:
                request = self.request(delivery)
                with watching_connections() as accesses:
                    await collect(provider, request)
                assert accesses.seen == [], (
                    f"{delivery}: it says that it is local, and: {accesses.seen[0]}"
                )

        self.run(work)

    @check("refuses what it cannot do with ossicle's own errors, which pickle")
    def test_refusals_are_ossicles_own(self) -> None:
        """An unknown voice, model and option of the provider."""
        for delivery in self.each_task():
            request = self.request(delivery)
            changes: list[dict[str, Any]] = [
                {"provider_options": {"no_such_option_0": object()}},
            ]
            if delivery.rules and delivery.record.voices:
                changes.append({"voice": "no-such-voice-0"})
            if not self.knows_model(NO_MODEL):
                changes.append({"model": NO_MODEL})
            for change in changes:
                error = self.fail(self.settings_, request.model_copy(update=change))
                judge_error(error, secret=self.secret)
                assert isinstance(error, OssicleError)
                copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
                assert (type(copy), str(copy)) == (type(error), str(error))

    def knows_model(self, model: str) -> bool:
        """Whether there is a record for it, if only an assumed one."""
        try:
            self.build().capabilities(model)
        except UnknownModelError:
            return False
        return True

    @check("says that a key is missing, or does without")
    def test_a_missing_key_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also where none stands in the environment."""
        settings = self.remote_or_skip()
        for name in [name for name in os.environ if name.upper().endswith(_KEY_ENDINGS)]:
            monkeypatch.delenv(name)
        for delivery in self.each_task():
            ask = partial(collect, request=self.request(delivery))
            try:
                self.run(ask, settings=replace(settings, api_key=None))
            except Exception as error:  # noqa: BLE001 - what leaks is the question
                judge_error(error, secret=CANARY)

    @check("knows an endpoint that refuses connections as one that was never reached")
    def test_unreachable_endpoints_are_retryable(self) -> None:
        """`ProviderConnectionError`, retryable, surely not executed."""
        settings = self.remote_or_skip()
        for delivery in self.each_task():
            with refusing_url() as url:
                error = self.fail(replace(settings, base_url=url), self.request(delivery))
            judge_error(error, secret=CANARY)
            assert isinstance(error, ProviderConnectionError), type(error).__name__
            assert error.retryable
            assert error.billed is not True, "no vendor was reached, and it says that it was billed"

    @check("translates every answer of a failing vendor into the fitting error, without the key")
    @pytest.mark.parametrize("reply", BAD_REPLIES, ids=lambda reply: reply.name.replace(" ", "-"))
    def test_failures_are_translated(self, reply: BadReply) -> None:
        """Retryable as it should be, with the wait that the vendor asks for."""
        settings = self.remote_or_skip()
        for delivery in self.each_task():
            with hostile_server(reply) as server:
                error = self.fail(replace(settings, base_url=server.url), self.request(delivery))
            asked = len(server.ledger)
            assert asked == 1, f"it asked {asked} times: repeating is not its business"
            judge_error(error, secret=CANARY)
            assert isinstance(error, reply.errors), (str(delivery), type(error).__name__)
            assert isinstance(error, OssicleError)
            if reply.status == 200:
                assert getattr(error, "billed", None) is not False, "an answer may have been billed"
            elif 0 < reply.status < 500:
                assert getattr(error, "billed", None) is not True, "what is refused is not billed"
            if reply.retryable is not None:
                assert error.retryable == reply.retryable, str(delivery)
            if reply.retry_after is not None:
                assert error.retry_after_s == pytest.approx(reply.retry_after), str(delivery)
