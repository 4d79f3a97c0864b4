from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import InvalidReplyError, OssicleError, RateLimitedError
from ossicle.policy import single_error


def leaves() -> st.SearchStrategy[BaseException]:
    return st.sampled_from(["rate", "invalid", "value", "cancel", "interrupt"]).map(_leaf)


def _leaf(kind: str) -> BaseException:
    return {
        "rate": RateLimitedError("x", provider="p"),
        "invalid": InvalidReplyError("x", provider="p"),
        "value": ValueError("a secret"),
        "cancel": asyncio.CancelledError(),
        "interrupt": KeyboardInterrupt(),
    }[kind]


def _group(children: list[BaseException]) -> BaseException:
    return BaseExceptionGroup("several", children)


@given(
    st.recursive(leaves(), lambda inner: st.lists(inner, min_size=1, max_size=4).map(_group)),
)
def test_any_mix_comes_out_as_one_error(error: BaseException) -> None:
    found = single_error(error)
    assert not isinstance(found, BaseExceptionGroup)
    kinds = _kinds(error)
    if KeyboardInterrupt in kinds:
        assert isinstance(found, KeyboardInterrupt)
    elif asyncio.CancelledError in kinds:
        assert isinstance(found, asyncio.CancelledError)
    elif ValueError in kinds:
        assert isinstance(found, ValueError)
    else:
        assert isinstance(found, OssicleError)
        assert isinstance(found, InvalidReplyError) == (InvalidReplyError in kinds)
    assert "secret" not in "".join(getattr(found, "__notes__", []))


def _kinds(error: BaseException) -> set[type[BaseException]]:
    if isinstance(error, BaseExceptionGroup):
        return set().union(*(_kinds(child) for child in error.exceptions))
    return {type(error)}


def test_the_others_are_named_in_a_note() -> None:
    group = ExceptionGroup("both", [RateLimitedError("x", provider="p"), ValueError("a secret")])
    assert single_error(group).__notes__ == ["raised together with: RateLimitedError"]


def test_a_single_error_stays_as_it_is() -> None:
    error = ValueError("x")
    assert single_error(error) is error
    assert single_error(ExceptionGroup("one", [ExceptionGroup("one", [error])])) is error
    assert not hasattr(error, "__notes__")
