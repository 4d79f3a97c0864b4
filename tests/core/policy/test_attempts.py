from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import anyio
import pytest
from tests.core.policy.scripted import ScriptedProvider, Step, answer, play

from ossicle.audio import AudioFormat
from ossicle.errors import (
    AmbiguousOutcomeError,
    BudgetExceededError,
    DeadlineExceededError,
    InvalidReplyError,
    OssicleError,
    PluginContractError,
    ProviderConnectionError,
    ProviderUnavailableError,
    RateLimitedError,
    RequestRefusedError,
    StreamIncompleteError,
)
from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    ReplyStarted,
    TextDelta,
    Usage,
    UsageReported,
)
from ossicle.policy import AttemptStream, Circuit, RetryPolicy, RetryQuota, VirtualClock

pytestmark = pytest.mark.anyio

PCM = AudioFormat(container="raw", encoding="pcm_s16le", sample_rate=24_000, channels=1)


def down(**facts: Any) -> ProviderUnavailableError:
    return ProviderUnavailableError("down", provider="vendor", **{"status": 503, **facts})


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


async def test_a_good_answer_passes_through_and_is_booked(clock: VirtualClock) -> None:
    provider = ScriptedProvider(
        clock, [[0.25, ReplyStarted(request_id="req-1"), 1.0, *answer("hi")]]
    )
    stream = provider.stream(timeout_s=30, deadline=30)
    events, error = await play(stream)
    assert error is None
    assert events == [ReplyStarted(request_id="req-1"), TextDelta(text="hi"), Finished()]
    assert stream.is_complete
    assert stream.reply().text == "hi"
    (attempt,) = stream.log.attempts
    assert attempt.outcome == "settled"
    assert attempt.error is None
    assert attempt.request_id == "req-1"
    assert (attempt.duration_s, attempt.waited_s) == (1.25, 0.0)
    assert provider.opened == provider.closed == 1
    assert stream.log.notes == ()


async def test_clean_failures_are_repeated_with_jittered_pauses(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[1.0, down()], [2.0, down()], [3.0, *answer()]])
    quota = RetryQuota()
    stream = provider.stream(quota=quota, draw=0.5)
    events, error = await play(stream)
    assert error is None
    assert events[-1] == Finished()
    assert provider.started_at == [0.0, 1.25, 3.75]
    assert [(a.outcome, a.error) for a in stream.log.attempts] == [
        ("clean", "provider_unavailable"),
        ("clean", "provider_unavailable"),
        ("settled", None),
    ]
    assert [a.waited_s for a in stream.log.attempts] == [0.0, 0.25, 0.5]
    assert [a.duration_s for a in stream.log.attempts] == [1.0, 2.0, 3.0]
    assert quota.tokens == 500, "a call that succeeds gives back what it took"
    assert provider.closed == 3


async def test_the_last_error_comes_out_when_attempts_are_used_up(clock: VirtualClock) -> None:
    errors = [down(), down(), down()]
    provider = ScriptedProvider(clock, [[error] for error in errors])
    stream = provider.stream()
    _, error = await play(stream)
    assert error is errors[2]
    assert provider.opened == provider.closed == 3


async def test_an_open_repeats_afresh_after_an_error_of_opening(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [answer()])
    tries = 0

    def open_events() -> AsyncIterator[Event]:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ProviderConnectionError("refused", provider="vendor")
        return provider.events()

    stream = AttemptStream(
        open_events, provider="vendor", model="m", quota=RetryQuota(), clock=clock
    )
    _, error = await play(stream)
    assert error is None
    assert [a.outcome for a in stream.log.attempts] == ["clean", "settled"]


@pytest.mark.parametrize(
    "error",
    [
        RequestRefusedError("no", provider="vendor", status=400),
        InvalidReplyError("html", provider="vendor", status=200),
        down(billed=True),
    ],
)
async def test_what_cannot_succeed_or_was_settled_is_not_repeated(
    clock: VirtualClock, error: OssicleError
) -> None:
    provider = ScriptedProvider(clock, [[error], answer()])
    _, seen = await play(provider.stream(policy=RetryPolicy(on_ambiguous="repeat")))
    assert seen is error
    assert provider.opened == 1


async def test_an_ambiguous_failure_is_not_repeated(clock: VirtualClock) -> None:
    original = down(status=502, request_id="req-7")
    provider = ScriptedProvider(clock, [[original], answer()])
    stream = provider.stream()
    _, error = await play(stream)
    assert isinstance(error, AmbiguousOutcomeError)
    assert error.__cause__ is original
    assert (error.turn_id, error.status, error.request_id) == ("turn-1", 502, "req-7")
    assert not error.retryable
    assert provider.opened == 1
    assert [(a.outcome, a.request_id) for a in stream.log.attempts] == [("ambiguous", "req-7")]


async def test_a_providers_own_ambiguous_error_gets_our_turn_id(clock: VirtualClock) -> None:
    original = AmbiguousOutcomeError("reset after upload", provider="vendor")
    _, error = await play(ScriptedProvider(clock, [[original]]).stream())
    assert error is original
    assert original.turn_id == "turn-1"


async def test_ambiguous_failures_are_repeated_on_request(clock: VirtualClock) -> None:
    unknown = AmbiguousOutcomeError("?", provider="vendor")
    provider = ScriptedProvider(clock, [[unknown], [down(status=500)], answer()])
    stream = provider.stream(policy=RetryPolicy(on_ambiguous="repeat"))
    _, error = await play(stream)
    assert error is None
    assert [a.outcome for a in stream.log.attempts] == ["ambiguous", "ambiguous", "settled"]
    assert stream.log.executions == 3


async def test_a_repeat_that_cannot_be_paid_is_not_made(clock: VirtualClock) -> None:
    asked = []

    async def reserve_again() -> None:
        asked.append(clock.monotonic())
        if len(asked) == 2:
            raise BudgetExceededError("that is too much")

    unknown = AmbiguousOutcomeError("?", provider="vendor")
    provider = ScriptedProvider(clock, [[down()], [unknown], [unknown], answer()])
    stream = provider.stream(
        policy=RetryPolicy(on_ambiguous="repeat", attempts=5), reserve_again=reserve_again
    )
    _, error = await play(stream)
    assert error is unknown
    assert [a.outcome for a in stream.log.attempts] == ["clean", "ambiguous", "ambiguous"]
    assert stream.log.notes == ("not repeated: that is too much",)
    assert len(asked) == 2, "what surely was not executed asks for nothing more"
    assert provider.opened == provider.closed == 3


async def test_what_the_capabilities_say_of_failures_counts(clock: VirtualClock) -> None:
    own = down(status=500, vendor_code="server_error")
    provider = ScriptedProvider(clock, [[own], answer()])
    _, error = await play(provider.stream(failed_requests_are_billed=False))
    assert error is None
    provider = ScriptedProvider(clock, [[own], answer()])
    _, error = await play(provider.stream(failed_requests_are_billed=True))
    assert isinstance(error, AmbiguousOutcomeError)


@pytest.mark.parametrize("policy", [RetryPolicy(), RetryPolicy(on_ambiguous="repeat")])
@pytest.mark.parametrize(
    "first",
    [TextDelta(text="He"), AudioDelta(data=b"\0" * 9, format=PCM), UsageReported(usage=Usage())],
)
@pytest.mark.parametrize("billed", [None, False])
async def test_nothing_repeats_after_a_delivered_event(
    clock: VirtualClock, policy: RetryPolicy, first: Event, billed: bool | None
) -> None:
    provider = ScriptedProvider(clock, [[first, down(billed=billed)], answer()])
    events, error = await play(provider.stream(policy=policy))
    assert events == [first]
    assert provider.opened == 1
    if billed is None and not isinstance(first, UsageReported):
        assert isinstance(error, StreamIncompleteError)
        assert error.partial is not None
        assert (error.partial.audio is None) == isinstance(first, TextDelta)
    assert error is not None


async def test_an_accepted_request_may_still_fail_cleanly(clock: VirtualClock) -> None:
    started = ReplyStarted(request_id="a")
    provider = ScriptedProvider(clock, [[started, down(billed=False)], answer()])
    events, error = await play(provider.stream())
    assert error is None
    assert events == [started, *answer()]
    provider = ScriptedProvider(clock, [[started, down()], answer()])
    _, error = await play(provider.stream())
    assert isinstance(error, AmbiguousOutcomeError), "only a vendor that says so did not execute it"


async def test_a_stream_without_finished_is_incomplete(clock: VirtualClock) -> None:
    provider = ScriptedProvider(
        clock,
        [[TextDelta(text="Hel"), TextDelta(text="lo"), AudioDelta(data=b"\1" * 7, format=PCM)]],
    )
    stream = provider.stream()
    events, error = await play(stream)
    assert len(events) == 3
    assert isinstance(error, StreamIncompleteError)
    assert error.partial.text == "Hello"
    assert error.partial.audio.facts.frames == 3, "the half sample is cut off"
    assert "7 bytes" in str(error)
    assert "Hello" not in str(error)
    assert [a.outcome for a in stream.log.attempts] == ["ambiguous"]
    assert not stream.is_complete


async def test_an_empty_stream_is_incomplete_and_repeated_only_on_request(
    clock: VirtualClock,
) -> None:
    provider = ScriptedProvider(clock, [[], answer()])
    _, error = await play(provider.stream())
    assert isinstance(error, StreamIncompleteError)
    assert provider.opened == 1
    provider = ScriptedProvider(clock, [[], answer()])
    _, error = await play(provider.stream(policy=RetryPolicy(on_ambiguous="repeat")))
    assert error is None


async def test_retry_after_is_obeyed_exactly_when_it_fits(clock: VirtualClock) -> None:
    busy = RateLimitedError("busy", provider="vendor", status=429, retry_after_s=7.125)
    provider = ScriptedProvider(clock, [[1.0, busy], answer()])
    stream = provider.stream(deadline=10.0)
    _, error = await play(stream)
    assert error is None
    assert provider.started_at == [0.0, 8.125]
    assert stream.log.waited_s == 7.125


async def test_retry_after_beyond_the_deadline_fails_at_once(clock: VirtualClock) -> None:
    busy = RateLimitedError("busy", provider="vendor", status=429, retry_after_s=9.0)
    provider = ScriptedProvider(clock, [[1.0, busy], answer()])
    quota = RetryQuota()
    stream = provider.stream(deadline=10.0, quota=quota)
    _, error = await play(stream)
    assert error is busy
    assert clock.monotonic() == 1.0
    assert quota.tokens == 500
    assert stream.log.notes == ("not repeated: the pause before it would have been too long",)


async def test_a_hanging_provider_ends_at_the_deadline(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[1.0, down()], [1e9]])
    stream = provider.stream(deadline=5.0, timeout_s=5.0, draw=1.0)
    _, error = await play(stream)
    assert isinstance(error, DeadlineExceededError)
    assert clock.monotonic() == 5.0
    assert error.timeout_s == 5.0
    assert str(error) == (
        "the time of 5 s for the call ran out after 2 attempts at provider 'vendor' (4.50 s) and "
        "0.50 s of pauses; the last one may have been executed and billed. "
        "Allow more time with timeout_s."
    )
    assert [(a.outcome, a.error) for a in stream.log.attempts] == [
        ("clean", "provider_unavailable"),
        ("ambiguous", "deadline_exceeded"),
    ]
    assert provider.opened == provider.closed == 2


async def test_the_event_loops_own_clock_ends_a_hanging_provider() -> None:
    async def hanging() -> AsyncIterator[Event]:
        yield TextDelta(text="a")
        await anyio.sleep_forever()

    stream = AttemptStream(
        hanging,
        provider="vendor",
        model="m",
        quota=RetryQuota(),
        deadline=anyio.current_time() + 0.02,
    )
    events, error = await play(stream)
    assert events == [TextDelta(text="a")]
    assert isinstance(error, DeadlineExceededError)


async def test_a_slow_stream_ends_at_the_deadline_with_what_came(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[TextDelta(text="a"), 3.0, TextDelta(text="b"), 3.0]])
    stream = provider.stream(deadline=5.0)
    events, error = await play(stream)
    assert events == [TextDelta(text="a"), TextDelta(text="b")]
    assert isinstance(error, DeadlineExceededError)
    assert stream.reply().text == "ab"


async def test_a_slow_caller_meets_the_deadline_too(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[TextDelta(text="a"), *answer()]])
    stream = provider.stream(deadline=5.0)
    async with stream:
        assert await anext(stream) == TextDelta(text="a")
        clock.advance(6.0)
        with pytest.raises(DeadlineExceededError):
            await anext(stream)
    assert provider.closed == 1


async def test_nothing_is_sent_after_the_deadline(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [answer()])
    stream = provider.stream(deadline=0.0, timeout_s=0.0)
    _, error = await play(stream)
    assert isinstance(error, DeadlineExceededError)
    assert "before anything was sent" in str(error)
    assert provider.opened == 0
    assert stream.log.attempts == ()


async def test_a_provider_that_swallows_the_deadline_is_stopped(clock: VirtualClock) -> None:
    cancelled = anyio.get_cancelled_exc_class()

    async def stubborn() -> AsyncIterator[Event]:
        try:
            await clock.sleep(100.0)
        except cancelled:
            yield TextDelta(text="never mind")  # swallowed: against all advice
        yield Finished()

    stream = AttemptStream(
        stubborn, provider="vendor", model="m", quota=RetryQuota(), clock=clock, deadline=5.0
    )
    _, error = await play(stream)
    assert isinstance(error, DeadlineExceededError)
    assert clock.monotonic() == 5.0


async def test_a_provider_that_rewrites_the_deadline_into_an_error(clock: VirtualClock) -> None:
    cancelled = anyio.get_cancelled_exc_class()

    async def rewriting() -> AsyncIterator[Event]:
        try:
            await clock.sleep(100.0)
        except cancelled:
            raise ProviderConnectionError("lost", provider="vendor") from None
        yield Finished()

    stream = AttemptStream(
        rewriting, provider="vendor", model="m", quota=RetryQuota(), clock=clock, deadline=5.0
    )
    _, error = await play(stream)
    assert isinstance(error, DeadlineExceededError)
    assert [a.outcome for a in stream.log.attempts] == ["ambiguous"]


async def test_foreign_errors_break_the_contract_and_keep_their_secrets(
    clock: VirtualClock,
) -> None:
    original = KeyError("sk-secret")
    provider = ScriptedProvider(clock, [[original], answer()])
    _, error = await play(provider.stream(policy=RetryPolicy(on_ambiguous="repeat")))
    assert isinstance(error, PluginContractError)
    assert error.__cause__ is original
    assert "KeyError" in str(error)
    assert "secret" not in str(error)
    assert provider.opened == 1


async def test_groups_of_errors_come_out_as_one(clock: VirtualClock) -> None:
    inner = down()
    provider = ScriptedProvider(clock, [[ExceptionGroup("g", [inner])], answer()])
    _, error = await play(provider.stream())
    assert error is None, "a group around one clean error is that clean error"
    mixed = ExceptionGroup("g", [down(), ValueError("x")])
    _, error = await play(ScriptedProvider(clock, [[mixed]]).stream())
    assert isinstance(error, PluginContractError)
    assert error.__cause__ is mixed


@pytest.mark.parametrize("wrong", [None, 5, "text"])
async def test_what_is_no_iterator_or_no_event_breaks_the_contract(
    clock: VirtualClock, wrong: object
) -> None:
    async def events() -> AsyncIterator[Event]:
        yield cast("Event", wrong)

    for opener in (events, lambda: cast("AsyncIterator[Event]", wrong)):
        stream = AttemptStream(
            opener, provider="vendor", model="m", quota=RetryQuota(), clock=clock
        )
        _, error = await play(stream)
        assert isinstance(error, PluginContractError)


async def test_a_coroutine_instead_of_events_breaks_the_contract(clock: VirtualClock) -> None:
    async def respond() -> None:
        """What an author writes who forgets to yield."""

    opener = cast("Callable[[], AsyncIterator[Event]]", respond)
    stream = AttemptStream(opener, provider="vendor", model="m", quota=RetryQuota(), clock=clock)
    _, error = await play(stream)
    assert isinstance(error, PluginContractError)
    assert "coroutine" in str(error)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # trio's own state breaks with it
async def test_a_task_group_open_across_a_yield_breaks_the_contract() -> None:
    async def careless() -> AsyncIterator[Event]:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.lowlevel.checkpoint)
            yield TextDelta(text="a")
            await anyio.lowlevel.checkpoint()
            yield Finished()

    stream = AttemptStream(careless, provider="vendor", model="m", quota=RetryQuota())
    _, error = await play(stream)
    assert isinstance(error, PluginContractError)


async def test_an_event_after_finished_breaks_the_contract(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[*answer(), TextDelta(text="more")]])
    events, error = await play(provider.stream())
    assert events == answer()
    assert isinstance(error, PluginContractError)
    assert provider.closed == 1


@pytest.mark.parametrize("deadline", [None, 0.5, 100.0])
@pytest.mark.parametrize("trouble", [1e9, down(), ValueError("x")])
async def test_trouble_after_finished_does_not_harm_the_answer(
    clock: VirtualClock, trouble: float | BaseException, deadline: float | None
) -> None:
    provider = ScriptedProvider(clock, [[*answer(), trouble]])
    stream = provider.stream(deadline=deadline)
    events, error = await play(stream)
    assert error is None
    assert events == answer()
    assert [a.outcome for a in stream.log.attempts] == ["settled"]
    assert len(stream.log.notes) == 1
    assert provider.closed == 1
    assert clock.monotonic() <= min(2.0, deadline or 2.0)


async def test_closing_early_closes_the_provider_and_books_the_call(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[TextDelta(text="a"), 1.0, *answer()]])
    stream = provider.stream()
    async with stream:
        async for _ in stream:
            break
    assert provider.closed == 1
    assert [(a.outcome, a.error) for a in stream.log.attempts] == [("ambiguous", "abandoned")]
    await stream.aclose()
    assert len(stream.log.attempts) == 1
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_closing_before_the_first_read_sends_nothing(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [answer()])
    stream = provider.stream()
    await stream.aclose()
    assert provider.opened == 0
    assert stream.log.attempts == ()


async def test_closing_after_finished_keeps_the_call_settled(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [answer()])
    stream = provider.stream()
    assert [await anext(stream), await anext(stream)] == answer()
    await stream.aclose()
    assert [a.outcome for a in stream.log.attempts] == ["settled"]
    assert provider.closed == 1


async def test_closing_from_another_task_ends_the_read(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[TextDelta(text="a"), 50.0, *answer()]])
    stream = provider.stream()
    seen: list[Event] = []

    async def read() -> None:
        seen.extend([event async for event in stream])

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        await clock.sleep(10.0)
        await stream.aclose()
        assert provider.closed == 1
    assert seen == [TextDelta(text="a")]
    assert clock.monotonic() == 10.0
    assert [(a.outcome, a.error) for a in stream.log.attempts] == [("ambiguous", "abandoned")]


async def test_a_provider_that_will_not_close_is_left_after_two_seconds(
    clock: VirtualClock,
) -> None:
    async def sticky() -> AsyncIterator[Event]:
        try:
            yield TextDelta(text="a")
            yield Finished()
        finally:
            await clock.sleep(1e9)

    stream = AttemptStream(sticky, provider="vendor", model="m", quota=RetryQuota(), clock=clock)
    async with stream:
        await anext(stream)
    assert clock.monotonic() == 2.0
    assert stream.log.notes == ("provider 'vendor' did not close its stream within 2 s",)


async def test_a_provider_that_fails_to_close_does_not_hide_the_answer(clock: VirtualClock) -> None:
    async def clumsy() -> AsyncIterator[Event]:
        try:
            yield TextDelta(text="a")
            yield Finished()
        finally:
            raise ValueError("x")

    stream = AttemptStream(clumsy, provider="vendor", model="m", quota=RetryQuota(), clock=clock)
    async with stream:
        await anext(stream)
    assert stream.log.notes == ("provider 'vendor' failed to close its stream: ValueError",)


class _BareIterator:
    """An iterator without `aclose`, which the interface allows."""

    def __init__(self) -> None:
        self._left: list[Event] = [TextDelta(text="a"), Finished()]

    def __aiter__(self) -> _BareIterator:
        return self

    async def __anext__(self) -> Event:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop(0)


async def test_an_iterator_without_aclose_will_do(clock: VirtualClock) -> None:
    stream = AttemptStream(
        _BareIterator, provider="vendor", model="m", quota=RetryQuota(), clock=clock
    )
    events, error = await play(stream)
    assert error is None
    assert len(events) == 2


async def test_an_empty_quota_ends_repeats(clock: VirtualClock) -> None:
    quota = RetryQuota(capacity=20)
    provider = ScriptedProvider(clock, [[down()]])
    stream = provider.stream(quota=quota)
    await play(stream)
    assert provider.opened == 2
    assert quota.tokens == 6
    assert stream.log.notes == ("not repeated: the shared quota of repeats is used up",)


async def test_full_outage_costs_at_most_five_percent_more_calls(clock: VirtualClock) -> None:
    quota = RetryQuota()
    provider = ScriptedProvider(clock, [[0.01, down()]])
    for _ in range(1_000):
        _, error = await play(provider.stream(quota=quota))
        assert isinstance(error, ProviderUnavailableError)
    assert provider.opened == 1_035
    assert provider.closed == provider.opened


async def test_outage_with_a_circuit_and_recovery(clock: VirtualClock) -> None:
    quota = RetryQuota()
    circuit = Circuit("vendor", clock=clock)
    provider = ScriptedProvider(clock, [[0.01, down()]])
    for _ in range(1_000):
        _, error = await play(provider.stream(quota=quota, circuit=circuit))
        assert isinstance(error, ProviderUnavailableError)
        await clock.sleep(0.05)
    assert provider.opened <= 1_050
    assert circuit.state == "open"
    recovered_at = clock.monotonic()
    provider.scripts = [answer()]
    while True:
        _, error = await play(provider.stream(quota=quota, circuit=circuit))
        if error is None:
            break
        await clock.sleep(0.05)
    assert clock.monotonic() - recovered_at <= 5.0
    for _ in range(100):
        _, error = await play(provider.stream(quota=quota, circuit=circuit))
        assert error is None


async def test_every_call_succeeds_when_faults_are_clean_and_at_most_two_in_a_row(
    clock: VirtualClock,
) -> None:
    quota = RetryQuota()
    circuit = Circuit("vendor", clock=clock)
    for faults in [2, 1, 2, 0, 2, 2, 2] * 100:
        fault: list[Step] = [0.2, down()]
        provider = ScriptedProvider(clock, [*[fault] * faults, answer()])
        _, error = await play(provider.stream(quota=quota, circuit=circuit))
        assert error is None


def nearly_open(clock: VirtualClock) -> Circuit:
    circuit = Circuit("vendor", clock=clock, failures=2, over_s=0.0)
    circuit.leave(down())
    return circuit


async def test_no_repeat_and_no_pause_once_the_circuit_is_open(clock: VirtualClock) -> None:
    error = down()
    provider = ScriptedProvider(clock, [[error]])
    circuit = nearly_open(clock)
    stream = provider.stream(circuit=circuit)
    _, seen = await play(stream)
    assert seen is error
    assert provider.opened == 1
    assert clock.monotonic() == 0.0
    assert stream.log.notes == ("not repeated: provider 'vendor' is down",)
    late = provider.stream(circuit=circuit, deadline=0.0)
    _, seen = await play(late)
    assert isinstance(seen, DeadlineExceededError)
    fast = provider.stream(circuit=circuit)
    _, seen = await play(fast)
    assert isinstance(seen, ProviderUnavailableError)
    assert seen.billed is False
    assert provider.opened == 1
    assert fast.log.attempts == ()


async def test_a_probe_that_is_cut_short_is_forgotten(clock: VirtualClock) -> None:
    circuit = nearly_open(clock)
    circuit.leave(down())
    clock.advance(2.0)
    provider = ScriptedProvider(clock, [[5.0, *answer()]])
    with clock.scope_until(3.0):
        await play(provider.stream(circuit=circuit))
    assert circuit.state == "open"


async def test_a_caller_cancelled_between_reads_still_lets_the_provider_clean_up(
    clock: VirtualClock,
) -> None:
    cleaned = False

    async def thorough() -> AsyncIterator[Event]:
        nonlocal cleaned
        try:
            yield TextDelta(text="a")
            yield Finished()
        finally:
            await clock.sleep(1.0)
            cleaned = True

    stream = AttemptStream(thorough, provider="vendor", model="m", quota=RetryQuota(), clock=clock)
    with anyio.CancelScope() as scope:
        async with stream:
            await anext(stream)
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert cleaned
    assert stream.log.notes == ()


async def _one_call(clock: VirtualClock, stop_at: int) -> tuple[bool, AttemptStream, list[int]]:
    """A call whose caller is cancelled at the given checkpoint of the provider."""
    checkpoints = 0
    balance = [0]
    fail_first = True

    async def pass_checkpoint() -> None:
        nonlocal checkpoints
        checkpoints += 1
        if checkpoints == stop_at:
            scope.cancel()
        await anyio.lowlevel.checkpoint()

    async def events() -> AsyncIterator[Event]:
        nonlocal fail_first
        balance[0] += 1
        try:
            await pass_checkpoint()
            if fail_first:
                fail_first = False
                raise down()
            yield ReplyStarted(request_id="r")
            for _ in range(3):
                await pass_checkpoint()
                yield TextDelta(text="x")
            await pass_checkpoint()
            yield Finished()
            await pass_checkpoint()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            balance[0] -= 1

    stream = AttemptStream(events, provider="vendor", model="m", quota=RetryQuota(), clock=clock)
    with anyio.CancelScope() as scope:
        async for _ in stream:
            pass
    return scope.cancelled_caught, stream, balance


async def test_cancelling_at_any_await_leaves_no_open_iterator(clock: VirtualClock) -> None:
    stop_at = 0
    was_cancelled = True
    outcomes = []
    while was_cancelled:
        stop_at += 1
        was_cancelled, stream, balance = await _one_call(clock, stop_at)
        assert balance == [0], f"an iterator stays open after cancelling at await {stop_at}"
        outcomes.append([a.error or a.outcome for a in stream.log.attempts])
    failed = "provider_unavailable"
    assert outcomes == [
        ["cancelled"],
        [failed, "cancelled"],
        [failed, "cancelled"],
        [failed, "cancelled"],
        [failed, "cancelled"],
        [failed, "cancelled"],
        [failed, "settled"],
        [failed, "settled"],
    ]


async def test_cancelling_during_the_pause_makes_no_further_attempt(clock: VirtualClock) -> None:
    provider = ScriptedProvider(clock, [[down(retry_after_s=50.0)], answer()])
    stream = provider.stream()
    with clock.scope_until(10.0) as scope:
        await play(stream)
    assert scope.cancelled_caught
    assert clock.monotonic() == 10.0
    assert provider.opened == provider.closed == 1


@pytest.mark.slow
async def test_a_thousand_random_cancels_leave_nothing_open(clock: VirtualClock) -> None:
    provider = ScriptedProvider(
        clock,
        [[0.3, down()], [0.1, TextDelta(text="a"), 0.4, TextDelta(text="b"), 0.2, Finished()]],
    )
    for number in range(1_000):
        provider.started_at.clear()
        provider.closed = 0
        with clock.scope_until(clock.monotonic() + number * 0.0015):
            await play(provider.stream(draw=0.8))
        assert provider.opened == provider.closed
