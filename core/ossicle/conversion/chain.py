"""Preprocessors in a row over one stream, and what each of them did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ossicle.audio import AudioClip
from ossicle.errors import ConfigurationError
from ossicle.intake.decode_guard import DecodedStream
from ossicle.messages.receipt import Step

if TYPE_CHECKING:
    from ossicle.abc import BlockTransform, Preprocessor
    from ossicle.audio.pcm import Samples
    from ossicle.plugins import PluginHost
    from ossicle.signal.meters import Measurements

NamedPreprocessor = tuple[str, "Preprocessor"]


class _Link(NamedTuple):
    name: str
    transform: BlockTransform
    sample_rate_in: int
    channels_in: int

    def step(self, reason: str) -> Step:
        transform, effect = self.transform, dict(self.transform.effect())
        changes = []
        if transform.channels != self.channels_in:
            changes.append(f"{self.channels_in} → {transform.channels} channels")
        if transform.sample_rate != self.sample_rate_in:
            changes.append(f"{self.sample_rate_in} → {transform.sample_rate} Hz")
        is_idle = not any(effect.values()) and (effect or self.name in ("downmix", "resample"))
        if is_idle and not changes:
            changes.append("changed nothing")
        return Step(action=self.name, reason=reason, detail=", ".join(changes), effect=effect)


class Chain:
    """Transforms of one stream, one after the other.

    Args:
        preprocessors: With the names under which they were asked for.
        sample_rate: Of what goes in, in Hz.
        channels: Of what goes in.
        measurements: Of the whole stream, where a preprocessor needs them.

    Attributes:
        sample_rate: Of what comes out, in Hz.
        channels: Of what comes out.
    """

    def __init__(
        self,
        preprocessors: Sequence[NamedPreprocessor],
        *,
        sample_rate: int,
        channels: int,
        measurements: Measurements | None = None,
    ) -> None:
        self._links: list[_Link] = []
        self.sample_rate, self.channels = sample_rate, channels
        for name, preprocessor in preprocessors:
            transform = preprocessor.start(
                sample_rate=self.sample_rate, channels=self.channels, measurements=measurements
            )
            self._links.append(_Link(name, transform, self.sample_rate, self.channels))
            self.sample_rate, self.channels = transform.sample_rate, transform.channels

    def run(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Every block through every transform, then what each of them held back."""
        for block in blocks:
            yield from self._through(block, 0)
        for position, link in enumerate(self._links):
            yield from self._through(link.transform.finish(), position + 1)

    def _through(self, block: Samples, start: int) -> Iterator[Samples]:
        for link in self._links[start:]:
            block = link.transform.process(block)
        if len(block):
            yield block

    def steps(self, reasons: Mapping[str, str]) -> tuple[Step, ...]:
        """What each transform did, once everything went through.

        Args:
            reasons: By name, why it was there; else that it was asked for.
        """
        return tuple(link.step(reasons.get(link.name, "asked for")) for link in self._links)


def split_at_measurements(
    preprocessors: Sequence[NamedPreprocessor],
) -> tuple[Sequence[NamedPreprocessor], Sequence[NamedPreprocessor]]:
    """Those that run while decoding, and those from the first that must know the whole stream."""
    waiting = (n for n, (_, one) in enumerate(preprocessors) if one.needs_measurements)
    cut = next(waiting, len(preprocessors))
    return preprocessors[:cut], preprocessors[cut:]


def find_preprocessors(host: PluginHost, names: Sequence[str]) -> list[NamedPreprocessor]:
    """The named preprocessors, in order.

    Raises:
        ConfigurationError: No plugin announces one of them.
    """
    if not names:
        return []
    factories = {spec.name: spec.factory for spec in host.preprocessors()}
    for name in names:
        if name not in factories:
            raise ConfigurationError(
                f"unknown preprocessor {name!r}",
                fix=f"Use some of speech, {', '.join(sorted(factories)) or 'none'}.",
            )
    return [(name, factories[name]()) for name in names]


def decoding_steps(clip: AudioClip, source: DecodedStream, reason: str) -> tuple[Step, ...]:
    """Who decoded a clip, at the rate that came of it, and who refused to."""
    refused = (
        Step(
            action="refused", reason=refusal.reason, detail=f"{clip.format} by {refusal.converter}"
        )
        for refusal in source.refusals
    )
    form = clip.format.at(sample_rate=source.sample_rate, channels=source.channels)
    return (
        *refused,
        Step(action="decode", reason=reason, detail=f"{form} by {source.converter}"),
    )
