"""Choosing one of the audio tracks that a container holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ossicle.audio.containers.header import MAX_CHANNELS, MAX_SAMPLE_RATE, checked_format
from ossicle.audio.containers.source import Source
from ossicle.audio.facts import AudioFacts, Track
from ossicle.audio.format import AudioFormat, Container
from ossicle.errors import ConfigurationError


def lenient_format(
    container: Container, encoding: str, *, sample_rate: int, channels: int
) -> AudioFormat:
    """The format of a track that may not be the one that is read; nothing impossible is kept."""
    is_rate, is_count = 1 <= sample_rate <= MAX_SAMPLE_RATE, 1 <= channels <= MAX_CHANNELS
    return AudioFormat(
        container=container,
        encoding=encoding,
        sample_rate=sample_rate if is_rate else None,
        channels=channels if is_count else None,
    )


def chosen(source: Source, tracks: Sequence[Track]) -> Track:
    """The track that is wanted, or the first.

    Raises:
        ConfigurationError: There is no track of this number.
        MalformedAudioError: Its header is impossible.
    """
    number = source.track or 1
    if not 1 <= number <= len(tracks):
        raise no_such_track(number, len(tracks))
    track = tracks[number - 1]
    form = track.format
    checked_format(
        form.container,
        form.encoding,
        sample_rate=form.sample_rate or 0,
        channels=form.channels or 0,
    )
    return track


def no_such_track(number: int, count: int) -> ConfigurationError:
    """The error for a track that the file does not have."""
    has = "1 audio track" if count == 1 else f"{count} audio tracks"
    return ConfigurationError(
        f"track {number} was asked for, the file has {has}",
        fix="Give a number from 1; ossicle inspect lists the tracks.",
    )


def with_tracks(facts: AudioFacts, track: Track, tracks: Sequence[Track]) -> AudioFacts:
    """Facts of one track of several."""
    return replace(facts, start_s=track.start_s, track=track.number, tracks=tuple(tracks))
