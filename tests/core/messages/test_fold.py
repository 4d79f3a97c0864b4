"""The fold: any splitting of deltas gives the same reply, and only `Finished` completes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.audio import AudioClip, AudioFormat
from ossicle.errors import InvalidReplyError, PluginContractError
from ossicle.messages import (
    AudioDelta,
    Event,
    Finished,
    ReferenceIssued,
    Reply,
    ReplyFold,
    TextDelta,
    ToolCallDelta,
    Usage,
    UsageReported,
)
from ossicle_testing import laws
from ossicle_testing.strategies import event_splittings, event_streams

PCM = AudioFormat.pcm(sample_rate=24000)


def fold(events: list[Event]) -> Reply:
    folded = ReplyFold(provider="p", model="m")
    for event in events:
        folded.add(event)
    return folded.reply()


@settings(deadline=None)
@given(st.data(), event_streams())
def test_any_splitting_folds_to_the_same_reply(
    data: st.DataObject, events: tuple[Event, ...]
) -> None:
    laws.fold_is_split_invariant(events, data.draw(event_splittings(events)))


def test_half_a_sample_at_the_end_is_cut_off() -> None:
    reply = fold([AudioDelta(data=b"\1\2\3", format=PCM), Finished()])
    assert reply.audio is not None
    assert reply.audio.read_bytes() == b"\1\2"
    assert reply.audio.format == PCM


def test_ids_and_expiries_that_repeat_are_neither_joined_nor_added() -> None:
    issued = ReferenceIssued(id="audio_1", expires_at=1000.0)
    reply = fold([issued, issued, ReferenceIssued(expires_at=2000.0), Finished()])
    assert reply.reference is not None
    assert (reply.reference.id, reply.reference.expires_at) == ("audio_1", 2000.0)


def test_the_last_usage_counts() -> None:
    one, two = Usage(input_tokens=1), Usage(input_tokens=2)
    reply = fold([UsageReported(usage=one), UsageReported(usage=two), Finished()])
    assert reply.usage == two


def test_nothing_may_follow_finished() -> None:
    folded = ReplyFold(provider="p", model="m")
    folded.add(Finished())
    with pytest.raises(PluginContractError, match="after Finished"):
        folded.add(TextDelta(text="late"))


def test_a_stream_without_finished_is_incomplete_but_not_lost() -> None:
    folded = ReplyFold(provider="p", model="m")
    folded.add(TextDelta(text="half a sen"))
    assert not folded.is_complete
    assert folded.reply().text == "half a sen"


def test_audio_that_is_no_audio_is_an_error_and_not_a_reply() -> None:
    mp3 = AudioFormat.named("mp3")
    with pytest.raises(InvalidReplyError):
        fold([AudioDelta(data=b"<html>busy</html>", format=mp3), Finished()])


def test_the_format_may_not_change_within_a_reply() -> None:
    folded = ReplyFold(provider="p", model="m")
    folded.add(AudioDelta(data=b"\0\0", format=PCM))
    with pytest.raises(PluginContractError, match="changed the audio format"):
        folded.add(AudioDelta(data=b"\0\0", format=AudioFormat.pcm(sample_rate=16000)))


def test_a_reply_survives_json() -> None:
    reply = fold(
        [
            TextDelta(text="hello"),
            AudioDelta(data=b"\0\1\2\3", format=PCM),
            ReferenceIssued(id="a", expires_at=5.0),
            ToolCallDelta(index=1, name="f"),
            Finished(reason="tool_calls"),
        ]
    )
    assert Reply.model_validate_json(reply.model_dump_json()) == reply


def test_a_clip_in_json_is_checked_by_its_digest() -> None:
    clip = AudioClip.from_pcm(b"\0\1", sample_rate=8000)
    reply = Reply(provider="p", model="m", audio=clip)
    damaged = reply.model_dump_json().replace("AAE=", "AAI=")
    with pytest.raises(ValueError, match="digest"):
        Reply.model_validate_json(damaged)


def test_neither_repr_nor_str_of_a_reply_tells_what_was_said() -> None:
    reply = fold([TextDelta(text="a secret"), Finished()])
    assert "secret" not in repr(reply) + str(reply)
