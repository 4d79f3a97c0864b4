"""What a provider needs that speaks to its vendor over HTTP: bodies, answers, waits, errors.

Nothing here imports the HTTP client before the first request is sent.
"""

from ossicle.rest.body import Body, BodyReader, ClipData, form_body, json_body
from ossicle.rest.endpoint_client import BuiltOnce, EndpointClient, json_of, off_loop
from ossicle.rest.exception_hygiene import stripped
from ossicle.rest.failures import Explain, Failures, Refusal
from ossicle.rest.outgoing import Outgoing, path_segment
from ossicle.rest.redaction import redact
from ossicle.rest.response_audio import SoundReader
from ossicle.rest.retry_after import bounded_wait, http_date_s, wait_s
from ossicle.rest.settings import (
    Options,
    RestOptions,
    call_options,
    checked_key,
    checked_options,
    checked_url,
)

__all__ = [
    "Body",
    "BodyReader",
    "BuiltOnce",
    "ClipData",
    "EndpointClient",
    "Explain",
    "Failures",
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
