from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import ConfigurationError, ProviderError
from ossicle_echo.script import EchoScript, FailureCode


@pytest.mark.parametrize("code", get_args(FailureCode))
def test_every_failure_can_be_made(code: FailureCode) -> None:
    error = EchoScript(fail_with=code, retry_after_s=2).failure(request_id="r1")
    assert isinstance(error, ProviderError)
    assert (error.code, error.provider, error.request_id) == (code, "echo", "r1")
    assert error.retry_after_s == 2


def test_failure_in_the_middle_may_have_been_billed() -> None:
    assert EchoScript(fail_with="invalid_reply", fail_at=2).failure(request_id="r").billed is None


@given(chunk_bytes=st.integers(1, 10**6), answer=st.none() | st.text())
def test_options_change_only_what_they_name(chunk_bytes: int, answer: str | None) -> None:
    script = EchoScript(pause_s=0.25)
    changed = script.with_options({"chunk_bytes": chunk_bytes, "answer": answer})
    assert changed == EchoScript(pause_s=0.25, chunk_bytes=chunk_bytes, answer=answer)
    assert script.with_options({}) is script


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"chunk_bytes": 0}, "chunk_bytes"),
        ({"delay_s": -1}, "delay_s"),
        ({"fail_with": "nonsense"}, "fail_with"),
        ({"loud": 1}, "loud"),
        ({"reference_lifetime_s": 0}, "reference_lifetime_s"),
    ],
)
def test_wrong_option_is_named(options: dict[str, object], name: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        EchoScript().with_options(options)
    assert "nonsense" not in str(caught.value)
