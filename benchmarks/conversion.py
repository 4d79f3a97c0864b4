"""Conversions side by side with what a user would pick instead.

    python benchmarks/conversion.py [--minutes 10] [--rounds 3]

Every sample is taken in a fresh process: CPU time (user and system, children included), peak
memory of that process and its children, and the length of the result. All contenders do the same
job: read, mix to mono, resample to 24 kHz, write. Ratios are to ossicle in the same run, so that a
busy machine does not decide. pydub runs ffmpeg for all but WAV, and resamples without a filter.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SAMPLE_RATE = 24_000
BIT_RATES = {"mp3": 64_000, "opus": 32_000, "aac": 64_000}
EXTENSIONS = {"opus": "opus", "aac": "aac"}
JOBS = (
    ("wav", "wav"),
    ("wav", "flac"),
    ("wav", "mp3"),
    ("wav", "opus"),
    ("mp3", "wav"),
    ("flac", "wav"),
    ("aac", "wav"),
    ("opus", "wav"),
    ("mp3", "mp3"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement.

    Attributes:
        cpu_s: User and system time.
        peak_mib: Of the process, or of its largest child.
        duration_s: Of what was written.
    """

    cpu_s: float
    peak_mib: float
    duration_s: float


def by_ossicle(source: Path, target: Path, name: str) -> None:
    """The contender at home: with its defaults for trusted files."""
    from ossicle.audio import AudioClip, AudioFormat
    from ossicle.conversion import convert_clip
    from ossicle.intake import TRUSTED
    from ossicle.plugins import default_host

    form = AudioFormat.named(
        name,  # type: ignore[arg-type]
        sample_rate=SAMPLE_RATE,
        channels=1,
        bit_rate=BIT_RATES.get(name),
    )
    converters = default_host().converters()
    convert_clip(
        AudioClip.from_path(source), form, converters=converters, limits=TRUSTED, path=target
    )


def by_pydub(source: Path, target: Path, name: str) -> None:
    """As pydub's own documentation does it."""
    import warnings

    warnings.simplefilter("ignore")
    from pydub import AudioSegment

    if program := ffmpeg_program():
        AudioSegment.converter = program
    # Where the decoder is named pydub does not run ffprobe first, which makes it faster.
    decoder = None if source.suffix == ".wav" else source.suffix[1:]
    segment = AudioSegment.from_file(source, codec=decoder)
    segment = segment.set_channels(1).set_frame_rate(SAMPLE_RATE)
    if name == "wav":
        segment.export(target, format="wav").close()
        return
    codecs = {"opus": ("opus", "libopus"), "aac": ("adts", "aac"), "mp3": ("mp3", "libmp3lame")}
    muxer, codec = codecs.get(name, (name, None))
    bit_rate = BIT_RATES.get(name)
    segment.export(
        target, format=muxer, codec=codec, bitrate=None if bit_rate is None else str(bit_rate)
    ).close()


def by_ffmpeg(source: Path, target: Path, name: str) -> None:
    """The command line."""
    program = ffmpeg_program()
    assert program is not None
    codecs = {"wav": "pcm_s16le", "mp3": "libmp3lame", "opus": "libopus"}
    command = [program, "-v", "error", "-nostdin", "-y", "-i", str(source), "-ac", "1"]
    command += ["-ar", str(SAMPLE_RATE), "-c:a", codecs.get(name, name)]
    command += ["-sample_fmt", "s16"] if name == "flac" else []
    command += ["-b:a", str(BIT_RATES[name])] if name in BIT_RATES else []
    subprocess.run([*command, str(target)], check=True)


def by_librosa(source: Path, target: Path, name: str) -> None:
    """As librosa's own documentation does it."""
    import librosa
    import soundfile

    samples, rate = librosa.load(source, sr=SAMPLE_RATE, mono=True)
    kinds = {
        "wav": ("WAV", "PCM_16"),
        "flac": ("FLAC", "PCM_16"),
        "mp3": ("MP3", "MPEG_LAYER_III"),
        "opus": ("OGG", "OPUS"),
    }
    form, subtype = kinds[name]
    soundfile.write(target, samples, rate, format=form, subtype=subtype)


CONTENDERS: dict[str, Callable[[Path, Path, str], None]] = {
    "ossicle": by_ossicle,
    "pydub": by_pydub,
    "ffmpeg": by_ffmpeg,
    "librosa": by_librosa,
}


def ffmpeg_program() -> str | None:
    """The ffmpeg on the path, or the one inside of imageio-ffmpeg."""
    found = shutil.which("ffmpeg")
    if found is None and find_spec("imageio_ffmpeg") is not None:
        import imageio_ffmpeg

        found = imageio_ffmpeg.get_ffmpeg_exe()
    return found


def why_absent(name: str) -> str | None:
    """Why a contender cannot run here, or `None`."""
    if name == "ffmpeg":
        return None if ffmpeg_program() else "no ffmpeg on the path"
    package = {"ossicle": "ossicle", "pydub": "pydub", "librosa": "librosa"}[name]
    return None if find_spec(package) else f"{package} is not installed"


def work(name: str, source: str, target: str, form: str) -> None:
    """In the fresh process: do the job and print what it took."""
    import resource

    CONTENDERS[name](Path(source), Path(target), form)
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    # A child's figure starts at its parent's: only what is above tells of the child itself.
    peak_kib = max(_own_peak_kib(own.ru_maxrss), children.ru_maxrss)
    print(json.dumps({"cpu_s": cpu_s, "peak_mib": peak_kib / 1024}))


def _own_peak_kib(otherwise: int) -> int:
    """ru_maxrss is inherited from whoever started the process; the kernel's own mark is not."""
    status = Path("/proc/self/status")
    if not status.exists():
        return otherwise
    lines = status.read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def measure(name: str, source: Path, target: Path, form: str) -> Sample | str:
    """A sample, or why there is none."""
    command = [sys.executable, __file__, "--work", name, str(source), str(target), form]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["?"])[-1][:60]
    figures = json.loads(done.stdout.splitlines()[-1])
    from ossicle.audio import AudioClip

    return Sample(duration_s=AudioClip.from_path(target).duration_s or 0.0, **figures)


def make_inputs(folder: Path, minutes: float) -> dict[str, Path]:
    """The same sound in every format: 44.1 kHz stereo, voice-like, never silent for long."""
    import numpy as np

    from ossicle.audio import AudioClip, AudioFormat, BlockStream
    from ossicle.conversion import convert_clip
    from ossicle.conversion.encoding import encode_stream
    from ossicle.intake import TRUSTED
    from ossicle.plugins import default_host

    converters = default_host().converters()
    rate = 44_100
    rng = np.random.default_rng(1)

    def blocks():  # type: ignore[no-untyped-def]
        for second in range(int(minutes * 60)):
            t = second + np.arange(rate) / rate
            pitch = 120 + 30 * np.sin(2 * np.pi * 0.7 * t)
            phase = 2 * np.pi * np.cumsum(pitch) / rate
            voice = sum(np.sin(k * phase) / k for k in range(1, 20)) * 0.1
            voice = voice * (0.5 + 0.5 * np.sin(2 * np.pi * 3.1 * t)) ** 2
            left = voice + rng.normal(0, 0.003, rate)
            yield np.stack([left, 0.8 * voice], axis=1).astype(np.float32)

    paths = {"wav": folder / "in.wav"}
    stream = BlockStream(blocks(), sample_rate=rate, channels=2)
    with paths["wav"].open("wb") as file:
        encode_stream(stream, AudioFormat.named("wav"), file, converters=converters)
    clip = AudioClip.from_path(paths["wav"])
    for form in ("mp3", "flac", "aac", "opus"):
        paths[form] = folder / f"in.{EXTENSIONS.get(form, form)}"
        target = AudioFormat.named(form, bit_rate=None if form == "flac" else 128_000)
        convert_clip(clip, target, converters=converters, limits=TRUSTED, path=paths[form])
    return paths


def best(samples: list[Sample | str]) -> Sample | str:
    """The sample of least CPU, or the reason when none came about."""
    found = [sample for sample in samples if isinstance(sample, Sample)]
    return min(found, key=lambda sample: sample.cpu_s) if found else samples[0]


def run(minutes: float, rounds: int) -> list[dict[str, object]]:
    """All jobs by all contenders, taking turns."""
    rows: list[dict[str, object]] = []
    present = [name for name in CONTENDERS if why_absent(name) is None]
    with tempfile.TemporaryDirectory() as folder:
        inputs = make_inputs(Path(folder), minutes)
        for source, form in JOBS:
            taken: dict[str, list[Sample | str]] = {name: [] for name in present}
            for _ in range(rounds):
                for name in present:
                    target = Path(folder) / f"{name}.{EXTENSIONS.get(form, form)}"
                    target.unlink(missing_ok=True)
                    taken[name].append(measure(name, inputs[source], target, form))
            results = {name: best(samples) for name, samples in taken.items()}
            rows.append({"job": f"{source} > {form}", **results})
    return rows


def print_table(rows: list[dict[str, object]], minutes: float) -> None:
    """One line a job: CPU seconds, ratio to ossicle, peak MiB."""
    print(f"{minutes:g} min, mono at {SAMPLE_RATE} Hz; CPU s (ratio to ossicle), peak MiB\n")
    print("| job | " + " | ".join(CONTENDERS) + " |")
    print("|---" * (len(CONTENDERS) + 1) + "|")
    for row in rows:
        ours = row["ossicle"]
        cells = []
        for name in CONTENDERS:
            sample = row.get(name)
            if not isinstance(sample, Sample):
                cells.append("-" if sample is None else str(sample))
            elif isinstance(ours, Sample):
                ratio = sample.cpu_s / ours.cpu_s
                cells.append(f"{sample.cpu_s:.2f} ({ratio:.1f}), {sample.peak_mib:.0f}")
        print(f"| {row['job']} | " + " | ".join(cells) + " |")
    for name in CONTENDERS:
        reason = why_absent(name)
        if reason:
            print(f"\n{name} is missing from the table: {reason}.")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", nargs=4, metavar=("NAME", "SOURCE", "TARGET", "FORM"))
    options = parser.parse_args()
    if options.work:
        work(*options.work)
        return
    print_table(run(options.minutes, options.rounds), options.minutes)


if __name__ == "__main__":
    main()
