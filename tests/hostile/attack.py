"""What the hostile tests share: the real decoders, and what a piece of work cost."""

from __future__ import annotations

import csv
import importlib.util
import os
import resource
import time
from pathlib import Path

import numpy as np

from ossicle.abc import ConverterSpec
from ossicle.audio import AudioClip
from ossicle.intake import DEFAULT, PCM_SPEC, IntakeLimits, decode

MIB = 1 << 20


def converters() -> list[ConverterSpec]:
    """The core's own, libsndfile's, and FFmpeg's where it is installed."""
    import ossicle_soundfile.plugin

    specs = [PCM_SPEC, ossicle_soundfile.plugin.SPEC]
    if importlib.util.find_spec("av") is not None:
        import ossicle_av.plugin

        specs.append(ossicle_av.plugin.SPEC)
    return specs


def decode_all(clip: AudioClip, *, limits: IntakeLimits = DEFAULT) -> int:
    """Frames of a clip, decoded block by block; nothing is kept."""
    frames = 0
    with decode(clip, limits=limits, converters=converters()) as stream:
        for block in stream:
            assert block.dtype == np.float32
            assert np.isfinite(block).all()
            frames += len(block)
    return frames


class Expense:
    """CPU seconds and growth of the process's memory inside a `with` block."""

    def __enter__(self) -> Expense:
        self._start_s = time.process_time()
        self._start_kib = resident_kib()
        self._peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu_s = time.process_time() - self._start_s
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # The peak is of the whole process: only what it rose by, or what is there now, is ours.
        risen = max(peak_kib - max(self._peak_kib, self._start_kib), 0)
        self.growth_bytes = max(risen, resident_kib() - self._start_kib) * 1024


def resident_kib() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def corpus(folder: Path, *statuses: str) -> list[Path]:
    """Files of the shared folder that its manifest gives one of these states."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [folder / row["path"] for row in rows if row["status"] in statuses]
