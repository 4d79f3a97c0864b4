"""Prepared and delivered audio from the cache: what was encoded once is not encoded again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from anyio import to_thread
from pydantic import ValidationError

from ossicle.audio import AudioClip, AudioFormat, Hole
from ossicle.conversion.encoding import clip_over
from ossicle.errors import MalformedAudioError, OssicleError
from ossicle.intake import check_facts, decode
from ossicle.messages import AudioRecord, Reply, Step
from ossicle.pipeline.call_cache import CACHE_FORMAT_VERSION, CacheScope
from ossicle.pipeline.delivery import deliver_whole
from ossicle.pipeline.measurements_codec import read_measurements, write_measurements
from ossicle.pipeline.plan import ClipPlan, OutputPlan
from ossicle.pipeline.prepare import AudioTools, PreparedClip, prepare_clip
from ossicle.storage import Cacheable, Fetched, digest_samples

T = TypeVar("T")


async def prepare_cached(
    clip: AudioClip,
    plan: ClipPlan,
    audio_tools: AudioTools,
    scope: CacheScope,
    *,
    cancelled: threading.Event,
    is_recognized: bool,
) -> PreparedClip:
    """What `prepare_clip` makes, from the cache where the same was made before.

    Args:
        clip: As it came in.
        plan: Made for this very clip.
        audio_tools: Converters and preprocessors.
        scope: Of the cache.
        cancelled: Set by the caller to stop between two blocks.
        is_recognized: Whether the digest of the samples is wanted.

    Raises:
        OssicleError: As `prepare_clip`.
    """

    def work() -> PreparedClip:
        made = prepare_clip(clip, plan, audio_tools, cancelled=cancelled)
        if not is_recognized:
            return made
        with decode(
            made.clip, limits=audio_tools.limits, converters=audio_tools.converters
        ) as stream:
            return replace(made, samples=digest_samples(stream))

    async def make() -> PreparedClip:
        return await to_thread.run_sync(work, abandon_on_cancel=True)

    if not scope.keeps_audio:
        return await make()
    check_facts(clip.facts, audio_tools.limits)
    latest: list[PreparedClip] = []

    async def made() -> Cacheable:
        latest.append(await make())
        return _pack(latest[0], is_passed=plan.is_pass_through)

    digest = await to_thread.run_sync(lambda: clip.digest)
    fetched = await scope.call_cache.cache.fetch(
        scope.tenant,
        kind="prepared",
        facts={
            "form": CACHE_FORMAT_VERSION,
            "clip": digest,
            "format": str(clip.format),
            "plan": plan,
            "limits": audio_tools.limits,
            "is_measured": audio_tools.is_measured,
            "is_recognized": is_recognized,
        },
        make=made,
    )
    if latest:
        return latest[0]
    unpacked = _unpack(fetched, clip, is_passed=plan.is_pass_through)
    return unpacked or await make()


async def deliver_cached(
    reply: Reply, plan: OutputPlan, audio_tools: AudioTools, scope: CacheScope
) -> tuple[Reply, AudioRecord]:
    """What `deliver_whole` gives, byte for byte what it gave before where that is kept.

    Raises:
        OssicleError: As `deliver_whole`.
    """

    async def work() -> tuple[Reply, AudioRecord]:
        return await to_thread.run_sync(deliver_whole, reply, plan, audio_tools)

    native = reply.audio
    is_encoded = any(step.action == "encode" for step in plan.steps)
    if not scope.keeps_audio or native is None or not is_encoded:
        return await work()
    latest: list[tuple[Reply, AudioRecord]] = []

    async def made() -> Cacheable:
        latest.append(await work())
        clip, record = latest[0][0].audio, latest[0][1]
        assert clip is not None
        return _packed(clip, record, {})

    fetched = await scope.call_cache.cache.fetch(
        scope.tenant,
        kind="delivered",
        facts={
            "form": CACHE_FORMAT_VERSION,
            "clip": native.digest,
            "format": str(native.format),
            "plan": plan,
            "limits": audio_tools.limits,
        },
        make=made,
    )
    if latest:
        return latest[0]
    found = _read(fetched, lambda record, clip, _: (record, clip))
    if found is None or found[1] is None:
        return await work()
    return reply.model_copy(update={"audio": found[1]}), found[0]


def _pack(prepared: PreparedClip, *, is_passed: bool) -> Cacheable:
    figures, arrays = None, b""
    if prepared.measurements is not None:
        figures, arrays = write_measurements(prepared.measurements)
    more: dict[str, object] = {
        "saved_s": prepared.saved_s,
        "samples": prepared.samples,
        "holes": [[hole.start_s, hole.duration_s] for hole in prepared.source.holes],
        "figures": figures,
        "n_figures": len(arrays),
    }
    clip = None if is_passed else prepared.clip
    return _packed(clip, prepared.record, more, arrays=arrays)


def _holes(more: Mapping[str, object]) -> list[Hole]:
    pairs = more["holes"]
    if not isinstance(pairs, list):
        raise ValueError("the holes are missing")
    return [Hole(start_s=float(start_s), duration_s=float(length)) for start_s, length in pairs]


def _unpack(fetched: Fetched, source: AudioClip, *, is_passed: bool) -> PreparedClip | None:
    def made(record: AudioRecord, clip: AudioClip | None, more: dict[str, object]) -> PreparedClip:
        if clip is None and not is_passed:
            raise ValueError("the clip is missing")
        figures, size = more["figures"], more["n_figures"]
        assert isinstance(size, int)
        measured = None
        if figures is not None:
            measured = read_measurements(figures, fetched.value[:size])
        samples, saved_s = more["samples"], more["saved_s"]
        return PreparedClip(
            clip=source if clip is None else clip,
            source=source.facts.with_holes(_holes(more)),
            record=record,
            measurements=measured,
            saved_s=float(str(saved_s)),
            samples=None if samples is None else str(samples),
        )

    return _read(fetched, made)


def _packed(
    clip: AudioClip | None, record: AudioRecord, more: dict[str, object], *, arrays: bytes = b""
) -> Cacheable:
    form = None
    if clip is not None:
        form = {
            "container": clip.format.container,
            "encoding": clip.format.encoding,
            "sample_rate": clip.format.sample_rate,
            "channels": clip.format.channels,
        }
    document = {"record": record.model_dump(mode="json"), "format": form, **more}
    value = arrays + (b"" if clip is None else clip.read_bytes())
    return Cacheable(document=json.dumps(document, separators=(",", ":")), value=value)


def _read(
    fetched: Fetched, use: Callable[[AudioRecord, AudioClip | None, dict[str, object]], T]
) -> T | None:
    """What is made of a kept document; `None`: it is of another version."""
    try:
        document = json.loads(fetched.document)
        form, start = document["format"], document.get("n_figures", 0)
        clip = None if form is None else clip_over(fetched.value[start:], AudioFormat(**form))
        record = AudioRecord.model_validate(document["record"])
        if clip is not None:
            made = Step(action="cached", reason="an earlier call made the same, as follows")
            record = record.model_copy(update={"steps": (made, *record.steps)})
        return use(record, clip, document)
    except (KeyError, TypeError, ValueError, ValidationError, MalformedAudioError, OssicleError):
        return None
