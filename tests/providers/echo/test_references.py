import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossicle.errors import AudioReferenceNotFoundError
from ossicle_echo.references import KeptAudio, ReferenceShelf


@given(lifetimes=st.lists(st.floats(0.5, 100), max_size=8), now=st.floats(0, 120))
def test_only_what_lives_is_found(lifetimes: list[float], now: float) -> None:
    clock = [0.0]
    shelf = ReferenceShelf(lambda: clock[0])
    for index, lifetime in enumerate(lifetimes):
        shelf.keep(str(index), KeptAudio(text=str(index), duration_s=1, expires_at=lifetime))
    clock[0] = now
    shelf.keep("new", KeptAudio(text="new", duration_s=1, expires_at=1000))
    for index, lifetime in enumerate(lifetimes):
        if now < lifetime:
            assert shelf.find(str(index), message_index=3).text == str(index)
        else:
            with pytest.raises(AudioReferenceNotFoundError, match="message 3"):
                shelf.find(str(index), message_index=3)
    assert shelf.find("new", message_index=0).text == "new"


def test_message_does_not_hold_the_text() -> None:
    shelf = ReferenceShelf(lambda: 10.0)
    shelf.keep("a", KeptAudio(text="secret", duration_s=1, expires_at=5))
    with pytest.raises(AudioReferenceNotFoundError) as caught:
        shelf.find("a", message_index=0)
    assert "secret" not in str(caught.value)
