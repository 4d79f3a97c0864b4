"""Answer every voice message in a folder: a plain script.

    python examples/embedding/answer_folder.py messages answers --provider local

Writes an MP3 beside the name of each recording and tells in a line what was heard and what it
cost. What is no audio, is silent or fails is told and passed over; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ossicle import Client, OssicleError


def answer_all(client: Client, recordings: Path, answers: Path) -> int:
    """Answer what lies in one folder into the other; how many could not be answered."""
    answers.mkdir(parents=True, exist_ok=True)
    failed = 0
    for path in sorted(path for path in recordings.iterdir() if path.is_file()):
        try:
            reply = client.respond(audio=path, output_format="mp3")
        except OssicleError as error:
            failed += 1
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        if reply.audio is not None:
            reply.audio.save(answers / f"{path.stem}.mp3")
        print(f"{path.name}: heard {len(reply.heard or '')} characters, said {len(reply.text)}")
    print(client.stats)
    return failed


def main(arguments: list[str] | None = None) -> int:
    """Run the script; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--provider", default="local")
    chosen = parser.parse_args(arguments)
    with Client(chosen.provider) as client:
        return 1 if answer_all(client, chosen.recordings, chosen.answers) else 0


if __name__ == "__main__":
    sys.exit(main())
