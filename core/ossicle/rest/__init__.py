"""What a provider needs that speaks to its vendor over HTTP: bodies, answers, waits, errors.

Nothing here imports the HTTP client before the first request is sent.
"""

from ossicle.rest.body import Body, BodyReader, ClipData, form_body, json_body
from ossicle.rest.failures import Explain, Failures, Refusal
from ossicle.rest.link import BuiltOnce, Link, json_of, off_loop
from ossicle.rest.outgoing import Outgoing, path_segment
from ossicle.rest.redaction import redact
from ossicle.rest.settings import (
    Options,
    RestOptions,
    call_options,
    checked_key,
    checked_options,
    checked_url,
)
from ossicle.rest.sound import SoundReader
from ossicle.rest.stripping import stripped
from ossicle.rest.waits import bounded_wait, http_date_s, wait_s

__all__ = [
    "Body",
    "BodyReader",
    "BuiltOnce",
    "ClipData",
    "Explain",
    "Failures",
    "Link",
    "Options",
    "Outgoing",
    "Refusal",
    "RestOptions",
    "SoundReader",
    "bounded_wait",
    "call_options",
    "checked_key",
    "checked_options",
    "checked_url",
    "form_body",
    "http_date_s",
    "json_body",
    "json_of",
    "off_loop",
    "path_segment",
    "redact",
    "stripped",
    "wait_s",
]
