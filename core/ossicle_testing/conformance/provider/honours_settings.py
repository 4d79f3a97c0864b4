"""What is asked for has to make a difference: the voice, what was said before, instructions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any
from urllib.parse import quote

import pytest

from ossicle.messages import Message, Reply, Request, TextPart
from ossicle_testing.conformance.provider.replies import ReplyChecks
from ossicle_testing.conformance.provider.reply_assertions import judge_events, same_answer
from ossicle_testing.conformance.provider.requests import Delivery, collect, make_request
from ossicle_testing.conformance.provider.upstream_relay import Relay
from ossicle_testing.conformance.suite import check

_NAME, _GREETING, _TOLD = "My name is Ada.", "Hello Ada.", "Be brief."
_HISTORY = (
    Message(role="user", parts=(TextPart(text=_NAME),)),
    Message(role="assistant", parts=(TextPart(text=_GREETING),)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call.

    Attributes:
        reply: What came.
        sent: What went to the vendor on this machine; empty where there is none.
    """

    reply: Reply
    sent: bytes = field(default=b"", repr=False)

    @property
    def is_sealed(self) -> bool:
        """Whether what went cannot be read: compressed, or masked as WebSockets are."""
        head = self.sent.lower()
        return b"content-encoding:" in head or b"upgrade: websocket" in head


class SettingsChecks(ReplyChecks, is_part=True):
    """Checks by what reaches the vendor, and by what becomes of the answer."""

    @check("speaks in every voice it lists, and not in one for all")
    def test_every_voice_speaks(self) -> None:
        """Two of them sound different, or are asked for by different names."""
        todo = [one for one in self.deliveries_or_skip() if one.rules and one.record.voices]
        if not todo:
            pytest.skip("it lists no voices")
        for model, delivery in {one.record.model: one for one in todo}.items():
            request = make_request(delivery, clip=self.clip(delivery))
            names = delivery.record.voices or ()
            spoken = {
                name: self._asked(request.model_copy(update={"voice": name})) for name in names
            }
            if len(names) < 2 or all(_stands_in(name, one.sent) for name, one in spoken.items()):
                continue
            is_sealed = any(one.is_sealed for one in spoken.values())
            assert (
                is_sealed
                or not self.is_deterministic
                or any(_differ(one, other) for one, other in combinations(spoken.values(), 2))
            ), f"{model} speaks all of its {len(names)} voices alike"

    @check("follows a conversation of several turns, and instructions")
    def test_history_is_taken(self) -> None:
        """As text, before the newest message: it reaches the vendor, or changes what comes."""
        todo = self.deliveries_or_skip(task="respond")
        unseen = set[str]()
        claims = dict.fromkeys(claim for one in todo for claim in _claims(one))
        for claim in claims:
            self.draft.claim(claim)
        for delivery in todo:
            before = self._asked(make_request(delivery, clip=self.clip(delivery)))
            fields: dict[str, Any] = {}
            for claim, (more, markers) in _claims(delivery).items():
                fields |= more
                asked = self._asked(make_request(delivery, clip=self.clip(delivery), **fields))
                if not self._is_heeded(before, asked, markers):
                    unseen.add(claim)
                before = asked
        for claim in claims:
            if claim in unseen:
                self.draft.doubt(claim, "neither its answers nor its usage show it")
            else:
                self.draft.prove(claim)

    def _is_heeded(self, before: Asked, asked: Asked, markers: tuple[str, ...]) -> bool:
        """Whether it is seen; where it should be and is not, that is a defect."""
        missing = [one for one in markers if not _stands_in(one, asked.sent)]
        if not missing:
            return True
        assert len(missing) == len(markers), f"{missing} does not reach the vendor"
        if self.is_deterministic and _differ(before, asked):
            return True
        assert not asked.sent or asked.is_sealed, (
            f"nothing of {markers} reaches the vendor, nor changes the answer"
        )
        told = asked.reply.usage.input_tokens
        assert asked.sent or told is None or not self.is_deterministic, (
            f"with {markers} it counts {told} tokens, as without: they were not read"
        )
        return False

    def _asked(self, request: Request) -> Asked:
        url = self.settings_.base_url
        if self.spec_.is_local or url is None or not url.startswith("http://"):
            events = self.run(lambda provider: collect(provider, request))
            return Asked(reply=judge_events(events, request))
        relay = Relay()
        with relay.url(url) as own:
            settings = replace(self.settings_, base_url=own)
            events = self.run(lambda provider: collect(provider, request), settings=settings)
        return Asked(reply=judge_events(events, request), sent=bytes(relay.asked))


def _claims(delivery: Delivery) -> dict[str, tuple[dict[str, Any], tuple[str, ...]]]:
    """What a row promises, with the fields that ask for it and what of them has to arrive."""
    model = delivery.record.model
    found: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        f"{model} respond: reads what was said before": (
            {"history": _HISTORY}, (_NAME, _GREETING),
        )
    }  # fmt: skip
    if delivery.record.instructions:
        found[f"{model} respond: reads its instructions"] = ({"instructions": _TOLD}, (_TOLD,))
    return found


def _stands_in(name: str, sent: bytes) -> bool:
    """Whether it was sent, as it is or as in a URL; JSON leaves ASCII as it is."""
    return name.encode() in sent or quote(name, safe="").encode() in sent


def _differ(one: Asked, other: Asked) -> bool:
    """Whether two answers say or play something else, or count something else as heard."""
    try:
        same_answer(one.reply, other.reply)
    except AssertionError:
        return True
    told, counted = one.reply.usage, other.reply.usage
    return told.input_tokens != counted.input_tokens
