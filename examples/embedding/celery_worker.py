"""A Celery worker that writes recordings down, once for each turn however often it is asked.

    cd examples/embedding && celery --app celery_worker worker --pool threads

`BROKER_URL` and `RESULT_BACKEND` name the queue, `VOICES` the folder with the recordings and
`JOURNAL` the one for results. A caller gives each turn an id of its own and sends the job as often
as it likes: `transcribe.delay("turn-1", "question.m4a")`.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from celery import Celery, Task

from journal import BegunBeforeError, Journal
from ossicle import AudioClip, Client, OssicleError
from ossicle.errors import AmbiguousOutcomeError, StreamIncompleteError

UNCLEAR = (AmbiguousOutcomeError, StreamIncompleteError)
"""After these the vendor may have done the work: the turn stays begun."""

app = Celery(
    "voices",
    broker=os.environ.get("BROKER_URL", "memory://"),
    backend=os.environ.get("RESULT_BACKEND", "cache+memory://"),
)
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_acks_late=True,  # a job whose worker dies is delivered again
    task_reject_on_worker_lost=True,
    broker_connection_retry_on_startup=True,
)


@cache
def client() -> Client:
    """The one client of this process; its connections outlive the jobs."""
    return Client(os.environ.get("OSSICLE_PROVIDER", "local"), timeout_s=300)


@app.task(bind=True, name="transcribe", max_retries=5)  # type: ignore[untyped-decorator]
def transcribe(task: Task, turn_id: str, name: str) -> dict[str, Any]:
    """Write down what a recording says.

    Args:
        task: Given by Celery.
        turn_id: The caller's id of the turn: the same id is never paid for twice.
        name: Of a file in the folder of recordings.

    Returns:
        The text, or an error with its code; both are kept under the turn's id.
    """
    journal = Journal(Path(os.environ["JOURNAL"]))
    known = journal.result(turn_id)
    if known is not None:
        return known
    try:
        journal.begin(turn_id)
    except BegunBeforeError as error:
        # Another worker is at it, or died over it: look again, and give up in the end.
        raise task.retry(exc=error, countdown=2**task.request.retries) from error
    try:
        result = written_down(Path(os.environ["VOICES"]), name)
    except UNCLEAR as error:
        result = {"error": {"code": error.code, "message": str(error)}}
    except OssicleError as error:
        if error.retryable:
            journal.release(turn_id)
            raise task.retry(exc=error, countdown=error.retry_after_s or 1.0) from error
        result = {"error": {"code": error.code, "message": str(error)}}
    journal.finish(turn_id, result)
    return result


def written_down(folder: Path, name: str) -> dict[str, Any]:
    """What the recording says, and what that took; a name cannot leave the folder."""
    reply = client().transcribe(AudioClip.from_path(folder / Path(name).name))
    used = None if reply.receipt is None else reply.receipt.summary()
    return {"text": reply.text, "receipt": used}
