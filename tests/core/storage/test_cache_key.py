from __future__ import annotations

import io
import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from ossicle.audio import AudioClip, BlockStream, Pcm
from ossicle.errors import ConfigurationError
from ossicle.messages import AudioPart, Message, Request, TextPart
from ossicle.storage import cache_key, digest_samples, request_facts

SECRET = b"s" * 32

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)


def key(facts: object, *, tenant: str = "a", kind: str = "speak") -> str:
    return cache_key(SECRET, tenant=tenant, kind=kind, facts=facts)


def same(left: Any, right: Any) -> bool:
    """Equal as JSON documents are, with 1 == 1.0 but not 1 == true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(type(left) is type(right) or not isinstance(left, str | dict | list)) and bool(
        left == right
    )


@given(plain, plain)
def test_keys_are_equal_exactly_when_the_facts_are(left: object, right: object) -> None:
    assert (key(left) == key(right)) == same(left, right)
    assert key(left) == key(json.loads(json.dumps(left)))


@given(st.text(min_size=1, max_size=4), st.text(max_size=4), st.text(max_size=4))
def test_tenant_kind_and_facts_do_not_run_together(tenant: str, kind: str, facts: str) -> None:
    assert key(facts, tenant=tenant, kind=kind + "x") != key("x" + facts, tenant=tenant, kind=kind)
    assert key(facts, tenant=tenant + "x", kind=kind) != key(facts, tenant=tenant, kind="x" + kind)


def test_another_secret_is_another_key() -> None:
    assert cache_key(b"1", tenant="a", kind="k", facts=1) != cache_key(
        b"2", tenant="a", kind="k", facts=1
    )


def test_records_and_decimals_have_a_form_and_others_do_not() -> None:
    assert key(Decimal("1.10")) == key(Decimal("1.1")) != key("1.1")
    assert key({"a", "b"}) == key(frozenset("ba")) != key(["a", "b"])
    assert key(TextPart(text="x")) != key({"kind": "text", "text": "x"})
    for bad in (math.inf, math.nan, object(), {1: 2}, Decimal("NaN"), len):
        with pytest.raises(ConfigurationError):
            key(bad)


def wav(samples: np.ndarray[Any, Any], *, form: str, subtype: str) -> AudioClip:
    file = io.BytesIO()
    soundfile.write(file, samples, 16_000, format=form, subtype=subtype)
    return AudioClip.from_bytes(file.getvalue())


def asking(clip: AudioClip, **changes: Any) -> Request:
    message = Message(role="user", parts=(AudioPart(clip=clip),))
    facts: dict[str, Any] = {"task": "transcribe", "model": "m", "messages": (message,)}
    return Request(**{**facts, **changes})


def test_the_same_speech_is_the_same_in_any_lossless_file() -> None:
    rng = np.random.default_rng(1)
    samples = rng.integers(-32768, 32767, (1000, 2)).astype(np.int16)
    clips = [
        wav(samples, form="WAV", subtype="PCM_16"),
        wav(samples, form="FLAC", subtype="PCM_16"),
        wav(samples, form="WAV", subtype="PCM_24"),
    ]
    keys = set()
    for clip in clips:
        with clip.open() as file:
            decoded, rate = soundfile.read(file, dtype="float32", always_2d=True)
        digest = digest_samples(Pcm(samples=decoded, sample_rate=rate).stream())
        facts = request_facts(asking(clip), provider="p", samples={clip.digest: digest})
        keys.add(key(facts))
    assert len(keys) == 1
    assert len({key(request_facts(asking(clip), provider="p")) for clip in clips}) == 3


@given(st.lists(st.integers(0, 5), max_size=6))
def test_samples_are_the_same_however_they_are_split(cuts: list[int]) -> None:
    samples = np.arange(12, dtype=np.float32).reshape(6, 2)
    pieces = np.split(samples, sorted(cuts))
    split = BlockStream(iter(pieces), sample_rate=8000, channels=2, frames=6)
    whole = Pcm(samples=samples, sample_rate=8000).stream()
    assert digest_samples(split) == digest_samples(whole)


def test_samples_differ_by_rate_channels_and_value() -> None:
    samples = np.zeros((6, 1), np.float32)
    digests = {
        digest_samples(Pcm(samples=each, sample_rate=rate).stream())
        for each, rate in (
            (samples, 8000),
            (samples, 8001),
            (samples.reshape(3, 2), 8000),
            (samples + np.float32(1e-7), 8000),
            (samples[:0], 8000),
        )
    }
    assert len(digests) == 5
    minus = Pcm(samples=-samples, sample_rate=8000).stream()
    assert digest_samples(minus) in digests


def test_only_what_changes_the_answer_counts() -> None:
    clip = AudioClip.from_pcm(b"\0\0" * 8, sample_rate=8000, channels=1)
    base = key(request_facts(asking(clip), provider="p"))
    changes: list[dict[str, Any]] = [{"stream": True}, {"deadline": 5.0}, {"provider_options": {}}]
    for change in changes:
        assert key(request_facts(asking(clip, **change), provider="p")) == base
    changes = [
        {"language": "de"},
        {"model": "n"},
        {"temperature": 0.0},
        {"provider_options": {"x": 1}},
        {"instructions": ""},
        {"output": frozenset({"audio"})},
    ]
    for change in changes:
        assert key(request_facts(asking(clip, **change), provider="p")) != base
    assert key(request_facts(asking(clip), provider="q")) != base
