"""The history planner: what is told, in which form, and that nothing dead is ever named."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.conversation.made import NOW_S, model, turn
from tests.profiles import tried

from ossicle.conversation import HistoryPolicy, Summary, Turn, plan_history
from ossicle.conversation.state import ServerClock
from ossicle.messages import (
    AudioPart,
    AudioReference,
    Message,
    TextPart,
    ToolCall,
    ToolCallPart,
    ToolResultPart,
)
from ossicle.pipeline.prepared_call import MAX_SKEW_S, SAFETY_S

ALL = HistoryPolicy(max_tokens=None, audio_turns=None)


def references(messages: tuple[Message, ...]) -> list[str]:
    return [
        part.id
        for message in messages
        for part in message.parts
        if isinstance(part, AudioReference)
    ]


def audio(messages: tuple[Message, ...]) -> int:
    return sum(isinstance(part, AudioPart) for message in messages for part in message.parts)


def words(messages: tuple[Message, ...]) -> str:
    return "\n".join(message.text for message in messages)


@st.composite
def histories(draw: st.DrawFn) -> list[Turn]:
    n_turns = draw(st.integers(0, 12))
    return [
        turn(
            f"t{number}",
            said=draw(st.none() | st.just(f"said {number}")),
            seconds=draw(st.none() | st.sampled_from([0.5, 3.0])),
            heard=draw(st.none() | st.just(f"heard {number}")),
            answer=draw(st.none() | st.just(f"answer {number}")),
            reference=draw(st.none() | st.just(f"id{number}")),
            provider=draw(st.sampled_from(["vendor", "other"])),
            expires_at=draw(
                st.none()
                | st.floats(NOW_S - 90_000, NOW_S + 90_000)
                | st.floats(NOW_S - 700, NOW_S + 700)
            ),
            state=draw(st.sampled_from(["committed", "committed", "failed", "ambiguous"])),
            spoken_s=draw(st.sampled_from([0.0, 2.0])),
        )
        for number in range(n_turns)
    ]


policies = st.builds(
    HistoryPolicy,
    max_tokens=st.none() | st.integers(0, 200),
    audio_turns=st.none() | st.integers(0, 4),
    lost_voice=st.sampled_from(["told", "text"]),
)


@settings(deadline=None, max_examples=tried(300))
@given(
    turns=histories(),
    skew_s=st.floats(-MAX_SKEW_S, MAX_SKEW_S),
    is_known=st.booleans(),
    left_s=st.floats(0, 300),
    policy=policies,
)
def test_no_request_carries_an_id_that_is_dead_or_dies_before_the_call_is_over(
    turns: list[Turn], skew_s: float, is_known: bool, left_s: float, policy: HistoryPolicy
) -> None:
    ours_s = NOW_S - skew_s  # NOW_S is the vendor's time
    plan = plan_history(
        turns,
        model(),
        now_s=ours_s,
        skew_s=skew_s if is_known else None,
        left_s=left_s,
        policy=policy,
    )
    expiries = {
        part.id: part.expires_at
        for one in turns
        for message in one.messages
        for part in message.parts
        if isinstance(part, AudioReference) and part.provider == "vendor"
    }
    for name in references(plan.messages):
        expires_at = expiries[name]
        assert expires_at is not None
        assert expires_at > NOW_S + left_s + SAFETY_S - 1e-3  # floats of this size are µs apart


@settings(deadline=None, max_examples=tried(300))
@given(turns=histories(), policy=policies, hears=st.booleans(), has_references=st.booleans())
def test_every_committed_turn_keeps_its_meaning_or_is_reported_and_none_else_is_told(
    turns: list[Turn], policy: HistoryPolicy, hears: bool, has_references: bool
) -> None:
    capabilities = model(hears=hears, has_references=has_references)
    plan = plan_history(turns, capabilities, now_s=NOW_S, skew_s=0.0, policy=policy)
    told = words(plan.messages)
    changed = {(change.turn_id, change.kind) for change in plan.report.changes}
    for one in turns:
        dropped = (one.id, "dropped") in changed
        assert not (dropped and one.state != "committed")
        number = one.id[1:]
        for text in (f"said {number}", f"answer {number}"):
            if text in words(one.messages).split("\n"):
                present = any(backend.rstrip("]").endswith(text) for backend in told.split("\n"))
                assert present == (one.state == "committed" and not dropped)
    if policy.max_tokens is not None:
        assert plan.report.tokens <= policy.max_tokens
    assert audio(plan.messages) == 0 or hears
    call = [int(backend.split()[1]) for backend in told.split("\n") if backend.startswith("said ")]
    assert call == sorted(call)


@settings(deadline=None, max_examples=tried(100))
@given(
    wall_s=st.floats(-1e6, 1e6),
    skew_s=st.floats(-600, 600),
    passed_s=st.floats(0, 10_000),
    set_back_s=st.floats(0, 10_000),
    slept_s=st.floats(0, 10_000),
)
def test_the_vendors_clock_is_never_taken_as_earlier_than_it_is(
    wall_s: float, skew_s: float, passed_s: float, set_back_s: float, slept_s: float
) -> None:
    seen = ServerClock.seen(wall_s + skew_s, wall_s=wall_s, monotonic_s=5.0)
    truly_s = wall_s + skew_s + passed_s
    for wall_now_s, monotonic_s in (
        (wall_s + passed_s - set_back_s, 5.0 + passed_s),
        (wall_s + passed_s, 5.0 + max(0.0, passed_s - slept_s)),
    ):
        now_skew_s = seen.skew_now_s(wall_s=wall_now_s, monotonic_s=monotonic_s)
        assert now_skew_s is not None
        assert wall_now_s + now_skew_s >= truly_s - 1e-6


@given(wall_s=st.floats(-1e6, 1e6), behind_s=st.floats(600.1, 1e6), passed_s=st.floats(0, 10_000))
def test_a_date_that_a_proxy_kept_is_no_clock(
    wall_s: float, behind_s: float, passed_s: float
) -> None:
    seen = ServerClock.seen(wall_s - behind_s, wall_s=wall_s, monotonic_s=5.0)
    assert seen.skew_now_s(wall_s=wall_s + passed_s, monotonic_s=5.0 + passed_s) is None


def test_a_live_id_stands_for_the_answer() -> None:
    one = turn(reference="a", expires_at=NOW_S + 1000)
    plan = plan_history([one], model(), now_s=NOW_S - 100, skew_s=100.0)
    assert plan.messages[1].parts == (
        AudioReference(
            provider="vendor", id="a", expires_at=NOW_S + 1000, transcript="fine", duration_s=1.0
        ),
    )
    assert plan.report.references == 1
    assert plan.report.changes == ()


def test_a_dead_answer_is_told_as_a_remark_and_leaves_no_written_answer_as_an_example() -> None:
    one = turn(reference="a", expires_at=NOW_S + 10)
    plan = plan_history([one], model(), now_s=NOW_S, skew_s=0.0)
    assert [message.role for message in plan.messages] == ["user", "user"]
    assert "fine" in plan.messages[1].text
    assert [change.kind for change in plan.report.changes] == ["voice_lost"]
    text = HistoryPolicy(lost_voice="text")
    plan = plan_history([one], model(), now_s=NOW_S, skew_s=0.0, policy=text)
    assert plan.messages[1] == Message(role="assistant", parts=(TextPart(text="fine"),))


def test_where_nothing_shall_be_spoken_or_no_ids_are_known_answers_are_assistants_text() -> None:
    one = turn(reference="a", expires_at=NOW_S + 10)
    for plan in (
        plan_history([one], model(), now_s=NOW_S, skew_s=0.0, speaks=False),
        plan_history([one], model(has_references=False), now_s=NOW_S, skew_s=0.0),
        plan_history([one], model("local", has_references=False), now_s=NOW_S),
    ):
        assert plan.messages[1].role == "assistant"
        assert plan.messages[1].parts == (TextPart(text="fine"),)


def test_an_answer_without_words_is_shown_as_sound() -> None:
    one = turn(answer=None)
    plan = plan_history([one], model(), now_s=NOW_S)
    assert [type(part) for part in plan.messages[1].parts] == [TextPart, AudioPart]
    assert plan.messages[1].role == "user"
    plan = plan_history([one], model(hears=False), now_s=NOW_S)
    assert [change.kind for change in plan.report.changes] == ["voice_lost", "audio_lost"]


def test_old_user_audio_gives_way_to_its_words_before_a_turn_is_dropped() -> None:
    turns = [turn(f"t{n}", seconds=10.0, heard=f"heard {n}", answer="ok") for n in range(6)]
    sizes = []
    for allowed in (None, 700, 500, 150, 60, 0):
        policy = HistoryPolicy(max_tokens=allowed, audio_turns=None)
        plan = plan_history(turns, model(), now_s=NOW_S, policy=policy)
        sizes.append((audio(plan.messages), len(plan.report.dropped)))
        if allowed is not None:
            assert plan.report.tokens <= allowed
    n_audio, n_dropped = [size[0] for size in sizes], [size[1] for size in sizes]
    assert n_audio[0] == 6
    assert n_audio == sorted(n_audio, reverse=True)
    assert n_dropped == sorted(n_dropped)
    assert all(n == 0 for a, n in sizes if a > 0)
    assert n_dropped[-1] == 6


def test_audio_of_unknown_words_is_asked_for_and_kept_or_dropped_with_its_turn() -> None:
    turns = [turn(f"t{n}", seconds=10.0) for n in range(6)]
    plan = plan_history(turns, model(), now_s=NOW_S, policy=HistoryPolicy(audio_turns=2))
    assert plan.report.wants_transcript == ("t0", "t1", "t2", "t3")
    assert audio(plan.messages) == 6


def test_no_more_clips_than_the_model_takes_the_turn_under_way_counted() -> None:
    turns = [turn(f"t{n}", seconds=1.0, heard="x" if n % 2 else None) for n in range(8)]
    current = turn("now", seconds=1.0, state="pending")
    plan = plan_history(
        turns, model(max_clips=3), now_s=NOW_S, policy=ALL, current=current.model_copy()
    )
    assert audio(plan.messages) == 3
    kinds = {change.kind for change in plan.report.changes}
    assert {"audio_lost", "transcribed"} <= kinds


def test_a_summary_stands_for_its_turns() -> None:
    turns = [turn(f"t{n}", said=f"said {n}") for n in range(3)]
    summary = Summary(text="we met", turn_ids=("t0", "t1"))
    plan = plan_history(turns, model(), now_s=NOW_S, summary=summary)
    assert "we met" in plan.messages[0].text
    assert "said 1" not in words(plan.messages)
    assert "said 2" in words(plan.messages)


def test_tools_are_told_in_words_to_a_model_without_tools() -> None:
    call = ToolCall(id="c1", name="clock", arguments="{}")
    one = Turn(
        id="t",
        state="committed",
        messages=(
            Message(role="user", parts=(TextPart(text="time?"),)),
            Message(role="assistant", parts=(ToolCallPart(call=call),)),
            Message(role="tool", parts=(ToolResultPart(call_id="c1", content="noon"),)),
            Message(role="assistant", parts=(TextPart(text="It is noon."),)),
        ),
    )
    with_tools = plan_history([one], model(), now_s=NOW_S)
    assert with_tools.messages == one.messages
    without = plan_history([one], model(tools=False), now_s=NOW_S)
    assert [message.role for message in without.messages] == ["user", "user", "assistant"]
    assert "clock" in without.messages[1].text
    assert [change.kind for change in without.report.changes] == ["tools_told"]


def test_no_history_is_no_messages() -> None:
    plan = plan_history([], model(), now_s=NOW_S)
    assert plan.messages == ()
    assert plan.report.tokens == plan.report.full_tokens == 0


def test_the_estimate_of_audio_is_its_seconds_at_the_models_rates() -> None:
    one = turn(seconds=2.0, reference="a", expires_at=NOW_S + 3000, spoken_s=3.0)
    plan = plan_history([one], model(), now_s=NOW_S, skew_s=0.0)
    # 4 for each message, 2 s at 10, 3 s at 20.
    assert plan.report.tokens == 4 + 20 + 4 + 60
    assert plan.report.full_tokens == plan.report.tokens
