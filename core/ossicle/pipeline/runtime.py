"""Everything a call works with, put together once per client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ossicle.abc import ValidatorSpec
from ossicle.errors import ConfigurationError
from ossicle.pipeline.call_cache import CallCache
from ossicle.pipeline.prepare import AudioTools
from ossicle.pipeline.settings import PipelineSettings
from ossicle.pipeline.single_flight import SingleFlight
from ossicle.plugins import PluginHost
from ossicle.policy import (
    Budget,
    Circuits,
    Clock,
    ConcurrencyLimits,
    RetryPolicy,
    RetryQuota,
    SystemClock,
)
from ossicle.storage import AudioCache


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What calls share.

    Attributes:
        host: The plugins.
        settings: Of the pipeline.
        audio_tools: Converters and preprocessors.
        validators: Those that will be asked.
        clock: Injected for tests.
        retry: When to repeat.
        quota: Shared by all calls of a client.
        circuits: One for each provider and model: a vendor that is down is left alone for a while.
        concurrency: How many calls are at one provider at the same time.
        budget: Reserved before each call, or `None`.
        call_cache: Keeps prepared audio, speech and transcripts, or `None`.
    """

    host: PluginHost
    settings: PipelineSettings
    audio_tools: AudioTools
    validators: Sequence[ValidatorSpec]
    clock: Clock
    retry: RetryPolicy
    quota: RetryQuota
    circuits: Circuits
    concurrency: ConcurrencyLimits
    budget: Budget | None = None
    call_cache: CallCache | None = None


def make_runtime(
    host: PluginHost,
    *,
    settings: PipelineSettings,
    clock: Clock | None = None,
    retry: RetryPolicy | None = None,
    max_concurrency: int | None = None,
    budget: Budget | None = None,
    cache: AudioCache | None = None,
) -> Runtime:
    """A runtime with what the host's plugins announce.

    Raises:
        ConfigurationError: The settings name a preprocessor that nobody announces, or
            `max_concurrency` is less than 1.
    """
    makers = {spec.name: spec.factory for spec in host.preprocessors()}
    unknown = [name for name in settings.preprocess if name not in makers]
    if unknown:
        raise ConfigurationError(
            f"unknown preprocessor {unknown[0]!r}",
            fix=f"Use some of {', '.join(sorted(makers)) or 'none'}.",
        )
    audio_tools = AudioTools(
        converters=host.converters(),
        preprocessors={name: makers[name]() for name in settings.preprocess},
        limits=settings.limits,
        is_measured=settings.quality != "off",
    )
    return Runtime(
        host=host,
        settings=settings,
        audio_tools=audio_tools,
        validators=host.validators(),
        clock=clock or SystemClock(),
        retry=retry or RetryPolicy(),
        quota=RetryQuota(),
        circuits=Circuits(clock=clock),
        concurrency=ConcurrencyLimits(max_concurrency, clock=clock),
        budget=budget,
        call_cache=None if cache is None else CallCache(cache=cache, executions=SingleFlight()),
    )
