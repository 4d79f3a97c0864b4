"""What the capability records of a provider must keep to."""

from __future__ import annotations

import pickle
import re

import pytest

from ossicle.abc import API_VERSION, AudioProvider, Capabilities, FormatRule
from ossicle.errors import OssicleError, UnknownModelError
from ossicle_testing.conformance.probes import watching_accesses
from ossicle_testing.conformance.provider.bench import ProviderBench
from ossicle_testing.conformance.suite import check

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_NO_MODEL = "no-such-model-0"


class RecordChecks(ProviderBench, is_part=True):
    """Checks of `ProviderSpec` and `capabilities`."""

    @check("announces itself in one line, for this interface, with default models it has")
    def test_it_announces_itself(self) -> None:
        """Each default model can do the task it stands for."""
        spec = self.spec_
        assert _NAME.fullmatch(spec.name), spec.name
        assert spec.api_version == API_VERSION
        assert spec.summary
        assert "\n" not in spec.summary
        assert spec.default_models, "no task has a default model"
        provider = self.build()
        assert isinstance(provider, AudioProvider)
        for task, model in spec.default_models.items():
            assert task in provider.capabilities(model).tasks, (task, model)

    @check("states what a model can do without I/O, the same each time")
    def test_records_are_cheap_and_stable(self) -> None:
        """Also from another instance; records survive pickling and JSON."""
        provider, other = self.build(), self.build()
        for model in self.models_:
            provider.capabilities(model)
            with watching_accesses() as accesses:
                record = provider.capabilities(model)
            assert accesses.seen == []
            assert record == provider.capabilities(model) == other.capabilities(model)
            assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301 - our own bytes
            assert Capabilities.model_validate_json(record.model_dump_json()) == record

    @check("gives records that agree with themselves")
    def test_records_are_consistent(self) -> None:
        """What a row needs is there, what no row uses is not."""
        for record in self.records():
            assert record.provider == self.spec_.name
            assert record.tasks, "no task"
            rows = [row for some in record.rows.values() for row in some]
            for task, some in record.rows.items():
                pairs = [(row.inputs, row.outputs) for row in some]
                assert len(pairs) == len(set(pairs)), f"{task} has a row twice"
            hears = any("audio" in row.inputs for row in rows)
            speaks = any("audio" in row.outputs for row in rows)
            assert hears == (record.audio_input is not None), "audio_input and rows disagree"
            assert speaks == (record.audio_output is not None), "audio_output and rows disagree"
            _judge_task_rows(record)
            _judge_voices(record)
            if record.reference_lifetime_s is not None:
                assert record.audio_references, "a lifetime of references without references"

    @check("names formats that can be made")
    def test_formats_are_whole(self) -> None:
        """Raw samples name rate and channels; sets are not empty, limits positive."""
        for record in self.records():
            if record.audio_input is not None:
                assert record.audio_input.formats, "audio_input without formats"
                for rule in record.audio_input.formats:
                    _judge_rule(rule)
            output = record.audio_output
            if output is not None:
                assert output.whole or output.streamed, "audio_output without formats"
                assert record.streaming or not output.streamed, "streamed without streaming"
                for rule in (*output.whole, *output.streamed):
                    _judge_rule(rule)
                    if rule.container == "raw":
                        assert rule.sample_rates, "raw audio without a rate"
                        assert rule.channels, "raw audio without channels"

    @check("knows unknown models as unknown, or as an assumption")
    def test_unknown_models_are_said_to_be(self) -> None:
        """`UnknownModelError`, or a record with `is_assumed`."""
        provider = self.build()
        try:
            record = provider.capabilities(_NO_MODEL)
        except OssicleError as error:
            assert isinstance(error, UnknownModelError), type(error).__name__  # noqa: PT017
            return
        assert record.is_assumed, "an invented model is described as if it were known"
        assert record.model == _NO_MODEL

    @check("lists the models of its record by the name it was asked for")
    def test_models_keep_their_name(self) -> None:
        """So that what is sent is what was chosen."""
        for model in self.models_:
            assert self.build().capabilities(model).model == model

    @check("builds without a key and without the network")
    def test_building_is_harmless(self) -> None:
        """Models can be listed and calls planned before anything is configured."""
        if self.spec_.is_local:
            pytest.skip("it runs on this machine")
        with watching_accesses() as accesses:
            self.build()
        connects = [seen for seen in accesses.seen if seen.startswith("socket")]
        assert connects == []


def _judge_task_rows(record: Capabilities) -> None:
    for row in record.rows.get("speak", ()):
        assert row.inputs == {"text"}, "speak takes text"
        assert "audio" in row.outputs, "speak gives audio"
    for row in record.rows.get("transcribe", ()):
        assert "audio" in row.inputs, "transcribe takes audio"
        assert row.outputs == {"text"}, "transcribe gives text"


def _judge_voices(record: Capabilities) -> None:
    if record.voices is not None:
        assert record.voices, "an empty list of voices"
        assert len(record.voices) == len(set(record.voices))
        assert record.default_voice in (None, *record.voices), "the default voice is not listed"
        assert record.audio_output is not None, "voices without audio"


def _judge_rule(rule: FormatRule) -> None:
    for values in (rule.encodings, rule.sample_rates, rule.channels):
        assert values is None or values, f"{rule.container}: an empty set"
        assert values is None or len(values) == len(set(values))
    for limit in (rule.max_sample_rate, rule.max_bytes, rule.max_duration_s, rule.bit_rate):
        assert limit is None or limit > 0
