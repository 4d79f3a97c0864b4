"""CPU time of the command's start, over a bare interpreter: `python -m benchmarks.start_up`.

Each run is a process of its own with compiled modules in place. The least of several runs counts:
whatever else the machine does can only add to it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

RUNS = 10
GOALS_S = {"--version": 0.08, "--help": 0.08, "convert": 0.25}

_CODE = """
import sys, time
if sys.argv[1] == "convert":
    import numpy
began_s = time.process_time()
from ossicle_cli import run
try:
    run()
except SystemExit:
    pass
modules = sum(name.startswith("ossicle") for name in sys.modules)
print(time.process_time() - began_s, modules, file=sys.stderr)
"""


def measure(*arguments: str) -> tuple[float, int]:
    """Least CPU seconds of several runs, and how many modules of ossicle they imported."""
    found = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-c", _CODE, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, modules = done.stderr.splitlines()[-1].split()
        found.append((float(seconds), int(modules)))
    return min(found)


def main() -> None:
    """Print a line for each start that has a goal."""
    from ossicle.audio import AudioFormat, Pcm
    from ossicle.conversion.encoding import encode_stream
    from ossicle.intake import PCM_SPEC

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.wav"
        noise = np.random.default_rng(1).normal(0, 0.1, (48_000, 1)).astype(np.float32)
        with source.open("wb") as file:
            stream = Pcm(samples=noise, sample_rate=24_000).stream()
            encode_stream(stream, AudioFormat.named("wav"), file, converters=[PCM_SPEC])
        runs = {name: (name,) for name in GOALS_S}
        runs["convert"] = ("convert", str(source), str(Path(folder) / "out.mp3"))
        for name, arguments in runs.items():
            seconds, modules = measure(*arguments)
            print(f"{name:10} {seconds * 1000:4.0f} ms CPU (goal {GOALS_S[name] * 1000:.0f}), "
                  f"{modules} modules")  # fmt: skip


if __name__ == "__main__":
    main()
