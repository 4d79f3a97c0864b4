"""The containers of videos, recorders and archives, damaged at random and made to lie."""

from __future__ import annotations

import contextlib
import random
import struct
from collections.abc import Callable

import pytest
from tests.converters.av.test_pairs import made
from tests.hostile.attack import MIB, Expense, decode_all

from ossicle.audio import AudioClip
from ossicle.errors import AudioError, AudioLimitError
from ossicle.intake import load

pytest.importorskip("av")

KINDS = (("mpegts", "mp2"), ("avi", "libmp3lame"), ("flv", "libmp3lame"), ("wv", "wavpack"),
         ("tta", "tta"), ("mov", "pcm_s16le"), ("matroska", "pcm_s16le"), ("matroska", "wavpack"),
         ("asf", "libmp3lame"), ("caf", "alac"), ("wav", "libmp3lame"))  # fmt: skip


def mutated(data: bytes, seed: int) -> bytes:
    rng = random.Random(seed)
    body = bytearray(data[: rng.choice((len(data), 4096, rng.randrange(64, len(data))))])
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(min(len(body), rng.choice((64, 1024, len(body)))))
        kind = rng.randrange(4)
        if kind == 0:
            body[at] = rng.randrange(256)
        elif kind == 1:
            body[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        elif kind == 2:
            del body[at : at + rng.randrange(1, 200)]
        else:
            body[at:at] = rng.randbytes(rng.randrange(1, 60))
        if len(body) < 8:
            break
    return bytes(body)


@pytest.mark.parametrize("pair", KINDS, ids="-".join)
def test_damage_ends_in_audio_or_a_typed_error(pair: tuple[str, str]) -> None:
    data = made(*pair)
    assert data is not None
    decode_all(load(data))
    for seed in range(60):
        with Expense() as expense:
            frames = 0
            with contextlib.suppress(AudioError):
                frames = decode_all(load(mutated(data, seed)))
        assert frames <= 700 * 48_000
        assert expense.cpu_s <= 2.0, seed
        assert expense.growth_bytes <= 64 * MIB, seed


def late_block(data: bytes) -> bytes:
    """A WebM whose second cluster claims to come days later."""
    at = data.rfind(b"\x1f\x43\xb6\x75")
    body = at + 12
    assert data[body] == 0xE7
    width = data[body + 1] & 0x7F
    stamp = (1 << 8 * width) - 1
    return data[: body + 2] + stamp.to_bytes(width, "big") + data[body + 2 + width :]


def test_a_hole_of_days_makes_no_gigabytes() -> None:
    data = made("matroska", "libopus", cluster_time_limit="500")
    assert data is not None
    with Expense() as expense:
        try:
            clip = load(late_block(data))
            frames = decode_all(clip)
        except AudioLimitError:
            frames = 0
    assert frames <= 602 * 48_000
    assert expense.cpu_s <= 3.0
    assert expense.growth_bytes <= 64 * MIB


PLAYLIST = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: b"\x47" + text.ljust(187, b"\n") + (b"\x47" + bytes(187)) * 8,
        lambda text: b"RIFF" + struct.pack("<I", len(text) + 4) + b"AVI " + text,
        lambda text: b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00" + text,
        lambda text: b"wvpk" + text,
        lambda text: b"TTA1" + text,
        lambda text: b"NIST_1A\n   1024\n" + text.ljust(1008),
    ],
)
def test_a_playlist_in_a_new_cover_opens_nothing(wrap: Callable[[bytes], bytes]) -> None:
    frames = 0
    with contextlib.suppress(AudioError):
        frames = decode_all(load(wrap(PLAYLIST)))
    assert frames == 0


@pytest.mark.parametrize(
    "head",
    [
        b"TTA1" + struct.pack("<HHHII", 1, 2, 16, 48_000, 0xFFFFFFF0) + bytes(400),
        b"wvpk" + struct.pack("<IHBBIIIII", 400, 0x410, 0, 0, 0xFFFFFFF0, 0, 131_072,
                              0x04801821, 0) + bytes(400),
        b"NIST_1A\n   1024\n" + b"sample_count -i 999999999999\nend_head\n".ljust(1008),
    ],
)  # fmt: skip
def test_a_header_that_promises_hours_is_not_believed(head: bytes) -> None:
    try:
        clip = AudioClip.from_bytes(head)
    except AudioError:
        return
    assert clip.duration_s is None or clip.duration_s < 60
