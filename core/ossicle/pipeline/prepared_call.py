"""One call before it is sent: plan → prepare → check, and the request that comes of it."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from anyio import to_thread

from ossicle.abc import Capabilities
from ossicle.audio import AudioClip
from ossicle.errors import ContextOverflowError, DeadlineExceededError, UnsupportedFeatureError
from ossicle.messages import (
    AudioPart,
    AudioRecord,
    AudioReference,
    Estimate,
    Finding,
    Message,
    Part,
    Request,
    TextPart,
)
from ossicle.pipeline.cached_audio import prepare_cached
from ossicle.pipeline.call_cache import CacheScope
from ossicle.pipeline.call_request import CallRequest
from ossicle.pipeline.checks import find_faults, refuse_faults
from ossicle.pipeline.plan import ClipPlan, Explanation, Plan
from ossicle.pipeline.planner import clips_of, plan_call
from ossicle.pipeline.prepare import PreparedClip, prepare_clip
from ossicle.pipeline.runtime import Runtime
from ossicle.policy import estimate_request

_QUICK_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedCall:
    """A call that passed all checks.

    Attributes:
        plan: What was planned.
        request: What the provider gets.
        prepared: The clips.
        records: What was done to the clips, with findings.
        findings: Of all validators over all clips.
        estimate: Tokens and money.
        prepare_s: How long preparation took.
    """

    plan: Plan
    request: Request
    prepared: tuple[PreparedClip, ...]
    records: tuple[AudioRecord, ...]
    findings: tuple[Finding, ...]
    estimate: Estimate
    prepare_s: float

    @property
    def saved_s(self) -> float:
        """Seconds of audio that are not sent because they held nothing."""
        return sum(prepared.saved_s for prepared in self.prepared)


def plan_request(wanted: CallRequest, capabilities: Capabilities, runtime: Runtime) -> Plan:
    """The plan of a request with what this runtime has."""
    today = datetime.datetime.fromtimestamp(runtime.clock.wall(), datetime.UTC).date()
    return plan_call(
        wanted, capabilities, runtime.audio_tools.converters, settings=runtime.settings, today=today
    )


async def prepare_call(
    wanted: CallRequest,
    capabilities: Capabilities,
    runtime: Runtime,
    *,
    deadline: float,
    timeout_s: float,
    scope: CacheScope | None = None,
    is_recognized: bool = False,
) -> PreparedCall:
    """Plan, prepare and judge a request; CPU work runs in a worker thread.

    Args:
        wanted: What the caller asks for.
        capabilities: Of the model.
        runtime: Converters, preprocessors, validators and settings.
        deadline: By the clock's `monotonic`.
        timeout_s: The caller's total time, for the message.
        scope: Of the cache, for prepared audio; `None`: none.
        is_recognized: Whether the digests of the clips' samples are wanted.

    Raises:
        DeadlineExceededError: Preparation took longer than the caller allows.
        OssicleError: Whatever is wrong with the request or its audio, but for quality.
    """
    began = runtime.clock.monotonic()
    plan = plan_request(wanted, capabilities, runtime)
    prepared = await _prepare_all(
        wanted,
        plan,
        runtime,
        deadline=deadline,
        timeout_s=timeout_s,
        scope=scope,
        is_recognized=is_recognized,
    )
    records, findings = _judge(prepared, wanted, capabilities, runtime)
    liveness = Liveness(
        capabilities,
        now_s=runtime.clock.wall(),
        skew_s=wanted.vendor_skew_s,
        left_s=deadline - runtime.clock.monotonic(),
    )
    messages = [
        for_provider(message, capabilities, liveness=liveness)
        for message in _with_prepared(wanted.messages, prepared)
    ]
    request = _request(wanted, plan, messages, deadline)
    durations_s = _durations_s(messages, prepared)
    estimate = await _estimated(request, durations_s, capabilities)
    return PreparedCall(
        plan=plan.model_copy(update={"estimate": estimate}),
        request=request,
        prepared=tuple(prepared),
        records=records,
        findings=findings,
        estimate=estimate,
        prepare_s=runtime.clock.monotonic() - began,
    )


async def explain_call(
    wanted: CallRequest,
    capabilities: Capabilities,
    runtime: Runtime,
    *,
    deadline: float,
    timeout_s: float,
) -> Explanation:
    """What a request would do, found out without sending anything; arguments as `prepare_call`."""
    ready = await prepare_call(
        wanted, capabilities, runtime, deadline=deadline, timeout_s=timeout_s
    )
    has_errors = any(finding.severity == "error" for finding in ready.findings)
    return Explanation(
        plan=ready.plan,
        inputs=ready.records,
        estimate=ready.estimate,
        would_send=not (has_errors and runtime.settings.quality == "refuse"),
    )


def refuse(ready: PreparedCall, capabilities: Capabilities, runtime: Runtime) -> None:
    """Raise what makes a ready call not worth sending.

    Raises:
        QualityRefusedError: A validator found an error and the settings refuse.
        ContextOverflowError: More tokens than the model's context holds.
    """
    refuse_faults(ready.findings, runtime.settings)
    tokens, room = ready.estimate.input_tokens, capabilities.context_tokens
    if tokens is not None and room is not None and tokens > room:
        raise ContextOverflowError(
            f"about {tokens} tokens are more than the {room} that {capabilities} holds",
            measured=tokens,
            allowed=room,
            fix="Send less audio or fewer earlier turns.",
        )


async def _estimated(
    request: Request, durations_s: Sequence[float | None], capabilities: Capabilities
) -> Estimate:
    def work() -> Estimate:
        return estimate_request(request, durations_s=durations_s, capabilities=capabilities)

    characters = sum(len(message.text) for message in request.messages)
    characters += len(request.instructions or "")
    # Counting takes half a second a million characters, which would stand in everybody's way.
    return await to_thread.run_sync(work) if characters > _QUICK_CHARACTERS else work()


async def _prepare_all(
    wanted: CallRequest,
    plan: Plan,
    runtime: Runtime,
    *,
    deadline: float,
    timeout_s: float,
    scope: CacheScope | None,
    is_recognized: bool,
) -> list[PreparedClip]:
    clips = clips_of(wanted.messages)
    cancelled = threading.Event()
    if not clips:
        return []
    try:
        with runtime.clock.scope_until(deadline) as timer:
            return [
                await _prepare_one(
                    clip, clip_plan, runtime, scope, cancelled, is_recognized=is_recognized
                )
                for clip, clip_plan in zip(clips, plan.clips, strict=True)
            ]
    finally:
        cancelled.set()
    assert timer.cancelled_caught
    raise DeadlineExceededError(
        f"preparing {len(clips)} clips took longer than the {timeout_s:g} s allowed",
        timeout_s=timeout_s,
        fix="Allow more time with timeout_s, or send less audio.",
    )


async def _prepare_one(
    clip: AudioClip,
    plan: ClipPlan,
    runtime: Runtime,
    scope: CacheScope | None,
    cancelled: threading.Event,
    *,
    is_recognized: bool,
) -> PreparedClip:
    tools = runtime.audio_tools
    if scope is None:
        return await to_thread.run_sync(
            lambda: prepare_clip(clip, plan, tools, cancelled=cancelled), abandon_on_cancel=True
        )
    return await prepare_cached(
        clip, plan, tools, scope, cancelled=cancelled, is_recognized=is_recognized
    )


def _judge(
    prepared: Sequence[PreparedClip],
    wanted: CallRequest,
    capabilities: Capabilities,
    runtime: Runtime,
) -> tuple[tuple[AudioRecord, ...], tuple[Finding, ...]]:
    records: list[AudioRecord] = []
    all_findings: list[Finding] = []
    for one in prepared:
        findings = find_faults(
            one,
            runtime.validators,
            task=wanted.task,
            capabilities=capabilities,
            settings=runtime.settings,
        )
        records.append(one.record.model_copy(update={"findings": findings}))
        all_findings += findings
    return tuple(records), tuple(all_findings)


def _with_prepared(messages: Sequence[Message], prepared: Sequence[PreparedClip]) -> list[Message]:
    waiting = iter(prepared)

    def ready(message: Message) -> Message:
        if message.role != "user":
            return message
        parts: list[Part] = [
            part.model_copy(update={"clip": next(waiting).clip})
            if isinstance(part, AudioPart)
            else part
            for part in message.parts
        ]
        return message.model_copy(update={"parts": tuple(parts)})

    return [ready(message) for message in messages]


def _durations_s(
    messages: Sequence[Message], prepared: Sequence[PreparedClip]
) -> list[float | None]:
    """Seconds of every clip and reference in order; a reference knows its own."""
    waiting = iter(prepared)
    found: list[float | None] = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, AudioPart):
                found.append(next(waiting).record.result_duration_s or 0.0)
            elif isinstance(part, AudioReference):
                found.append(None)
    return found


def _request(
    wanted: CallRequest, plan: Plan, messages: Sequence[Message], deadline: float
) -> Request:
    return Request(
        task=wanted.task,
        model=plan.model,
        messages=tuple(messages),
        instructions=wanted.instructions,
        output=wanted.output,
        voice=plan.voice,
        output_format=None if plan.output is None else plan.output.native,
        stream=plan.streams_upstream,
        tools=wanted.tools,
        tool_choice=wanted.tool_choice,
        language=wanted.language,
        max_output_tokens=wanted.max_output_tokens,
        temperature=wanted.temperature,
        seed=wanted.seed,
        provider_options=wanted.provider_options.get(plan.provider, {}),
        deadline=deadline,
    )


MAX_SKEW_S = 600.0
"""How far the clocks of two machines that ask for the time now and then may be apart."""

SAFETY_S = 60.0
"""Seconds for which an audio id must live beyond the end of the call that names it."""


class Liveness:
    """Judges the audio ids of a history for one call.

    Args:
        capabilities: Of the model that is asked.
        now_s: Unix seconds by this machine's clock.
        skew_s: Seconds by which the vendor's clock is ahead; `None`: not known, and the worst of
            ±600 s is assumed.
        left_s: Seconds that are left to the call, pauses and repeats included: the id goes out
            again with each of them.
    """

    def __init__(
        self, capabilities: Capabilities, *, now_s: float, skew_s: float | None, left_s: float
    ) -> None:
        self._capabilities = capabilities
        ahead_s = MAX_SKEW_S if skew_s is None else skew_s
        self._dead_before_s = now_s + ahead_s + max(left_s, 0.0) + SAFETY_S

    def is_live(self, part: Part) -> bool:
        """Whether a part is an audio id of this provider that surely outlives the call.

        An id without a known expiry is not used: nobody can tell whether it lives.
        """
        return (
            isinstance(part, AudioReference)
            and self._capabilities.audio_references
            and part.provider == self._capabilities.provider
            and part.expires_at is not None
            and part.expires_at > self._dead_before_s
        )


def for_provider(message: Message, capabilities: Capabilities, *, liveness: Liveness) -> Message:
    """An assistant's message as this provider can be told it; others are returned as they are.

    An audio id that the provider itself issued and that outlives the call stands for the audio;
    else what was said goes as text.

    Args:
        message: With all that is known of the answer.
        capabilities: Of the model that is asked now.
        liveness: Judges audio ids.

    Raises:
        UnsupportedFeatureError: The answer has neither a live id nor a transcript.
    """
    if message.role != "assistant":
        return message
    rest = [part for part in message.parts if not isinstance(part, AudioPart | AudioReference)]
    spoken = [part for part in message.parts if isinstance(part, AudioPart | AudioReference)]
    if not spoken:
        return message
    live = next((part for part in spoken if liveness.is_live(part)), None)
    if live is not None:
        return Message(role="assistant", parts=(live, *rest))
    if any(isinstance(part, TextPart) for part in rest):
        return Message(role="assistant", parts=tuple(rest))
    words = next((part.transcript for part in spoken if part.transcript), None)
    if words is None and not rest:
        raise UnsupportedFeatureError(
            f"an earlier spoken answer has no transcript, and {capabilities} knows no id of it",
            feature="history",
            fix="Leave the answer out of the history, or transcribe it first.",
        )
    told: list[Part] = [] if words is None else [TextPart(text=words)]
    return Message(role="assistant", parts=(*told, *rest))
