from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossicle.errors import TextTooLongError
from ossicle_echo import reed_solomon
from ossicle_echo.framing import (
    BLOCK_BYTES,
    HEADER_BYTES,
    PAYLOAD_BYTES,
    Packet,
    body_bytes,
    packets_to_messages,
    read_header,
    text_to_packets,
)

ANY_TEXT = st.text(st.characters(), max_size=200)


def read(data: bytes) -> Packet | None:
    data_bytes = read_header(data[:HEADER_BYTES])
    if data_bytes is None:
        return None
    return Packet.from_body(data[HEADER_BYTES:][: body_bytes(data_bytes)], data_bytes)


@settings(deadline=None)
@given(texts=st.lists(ANY_TEXT, max_size=4))
def test_packets_in_order_give_every_text(texts: list[str]) -> None:
    sent = [packet.to_bytes() for text in texts for packet in text_to_packets(text)]
    assert all(len(data) % BLOCK_BYTES == 0 for data in sent)
    assert packets_to_messages(read(data) for data in sent) == (texts, 0)


def test_half_a_surrogate_pair_is_carried() -> None:
    text = "a\ud800b"
    assert packets_to_messages(text_to_packets(text)) == ([text], 0)


def test_empty_text_is_one_packet() -> None:
    (packet,) = text_to_packets("")
    assert (packet.index, packet.count, packet.payload) == (0, 1, b"")


@pytest.mark.parametrize(("n_bytes", "count"), [(1, 1), (64, 1), (65, 2), (128, 2), (129, 3)])
def test_count_of_packets(n_bytes: int, count: int) -> None:
    assert PAYLOAD_BYTES == 64
    assert len(list(text_to_packets("x" * n_bytes))) == count


@pytest.mark.parametrize("data_bytes", range(10, 75))
def test_body_is_whole_blocks_with_two_parity_bytes_for_five(data_bytes: int) -> None:
    length = body_bytes(data_bytes)
    assert length % BLOCK_BYTES == 0
    assert 0.4 * data_bytes <= length - data_bytes < 0.4 * data_bytes + BLOCK_BYTES + 8


@settings(deadline=None)
@given(
    text=st.text(min_size=1, max_size=40),
    damage=st.dictionaries(st.integers(0, 150), st.integers(1, 255), max_size=60),
)
def test_damaged_packet_is_repaired_or_refused(text: str, damage: dict[int, int]) -> None:
    (packet, *_) = text_to_packets(text)
    data = bytearray(packet.to_bytes())
    for place, change in damage.items():
        if place < len(data):
            data[place] ^= change
    assert read(bytes(data)) in (packet, None)


@settings(deadline=None)
@given(
    length=st.integers(130, 400),
    change=st.sampled_from(["lose", "damage", "repeat", "swap"]),
    place=st.integers(0, 6),
)
def test_incomplete_message_is_never_given(length: int, change: str, place: int) -> None:
    packets: list[Packet | None] = list(text_to_packets("ab" * (length // 2)))
    place %= len(packets)
    if change == "lose":
        del packets[place]
    elif change == "damage":
        packets[place] = None
    elif change == "repeat":
        packets.insert(place, packets[place])
    else:
        other = (place + 1) % len(packets)
        packets[place], packets[other] = packets[other], packets[place]
    messages, n_lost = packets_to_messages([*packets, *text_to_packets("next")])
    # A copy of the first or the last packet leaves the others in order, and is lost itself.
    harmless = change == "repeat" and place in (0, len(packets) - 2)
    whole = ["ab" * (length // 2)] if harmless else []
    assert messages == [*whole, "next"]
    assert n_lost > 0


def test_codeword_that_fails_its_check_is_refused() -> None:
    data = b"a codeword without a check"
    sequence = reed_solomon.exponents()
    body = reed_solomon.encode(data, body_bytes(len(data)) - len(data))
    whitened = bytes(byte ^ sequence[index] for index, byte in enumerate(body))
    assert Packet.from_body(whitened, len(data)) is None


def test_packets_of_two_texts_are_not_spliced() -> None:
    one, other = list(text_to_packets("a" * 100)), list(text_to_packets("b" * 100))
    assert packets_to_messages([one[0], other[1]]) == ([], 2)


def test_text_that_does_not_match_its_check_is_refused() -> None:
    (packet,) = text_to_packets("right")
    assert packets_to_messages([replace(packet, payload=b"wrong")]) == ([], 1)


def test_message_without_its_end_is_lost() -> None:
    assert packets_to_messages(list(text_to_packets("a" * 100))[:1]) == ([], 1)


def test_text_beyond_the_packet_count_is_refused() -> None:
    with pytest.raises(TextTooLongError):
        text_to_packets("x" * (64 * 0xFFFF + 1))


@pytest.mark.parametrize("head", [bytes(12), bytes(range(12)), b"\xff" * 12])
def test_what_is_no_header_is_refused(head: bytes) -> None:
    assert read_header(head) is None
