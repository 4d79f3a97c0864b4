"""What a provider needs that speaks to its vendor over HTTP: a frame, bodies, answers, errors.

Nothing here imports the HTTP client before the first request is sent.
"""

from ossicle.rest.body import Body, BodyReader, ClipData, audio_body, form_body, json_body
from ossicle.rest.catalogue import Catalogue, ModelRecord, assumed_like
from ossicle.rest.endpoint import Endpoint, EndpointRules, endpoint_options
from ossicle.rest.endpoint_client import EndpointClient
from ossicle.rest.error_body import ErrorBody, field_errors
from ossicle.rest.error_ladder import CallErrors, ErrorLadder, Meaning
from ossicle.rest.event_stream import (
    EVENT_STREAM,
    JSON,
    StreamReader,
    audio_events,
    json_events,
    json_of,
    keeping_body,
    next_piece,
    stream_events,
)
from ossicle.rest.exception_hygiene import stripped
from ossicle.rest.failures import Explain, Failures, Refusal
from ossicle.rest.json_values import (
    count_of,
    mapping_of,
    mappings_of,
    number_of,
    parse_json,
    probability_of,
    seconds_of,
    text_of,
)
from ossicle.rest.languages import language_code, language_tag
from ossicle.rest.off_loop import off_loop
from ossicle.rest.outgoing import Outgoing, path_segment
from ossicle.rest.provider import RestProvider, started
from ossicle.rest.redaction import redact
from ossicle.rest.request_parts import clip_of, refuse_unsupported, spoken_text
from ossicle.rest.response_audio import AudioReader, raw_format_of, whole_audio
from ossicle.rest.retry_after import bounded_wait, http_date_s, retry_after_s
from ossicle.rest.settings import (
    Options,
    RestOptions,
    call_options,
    checked_key,
    checked_options,
    checked_url,
)
from ossicle.rest.sse import DONE, EventParser

__all__ = [
    "DONE",
    "EVENT_STREAM",
    "JSON",
    "AudioReader",
    "Body",
    "BodyReader",
    "CallErrors",
    "Catalogue",
    "ClipData",
    "Endpoint",
    "EndpointClient",
    "EndpointRules",
    "ErrorBody",
    "ErrorLadder",
    "EventParser",
    "Explain",
    "Failures",
    "Meaning",
    "ModelRecord",
    "Options",
    "Outgoing",
    "Refusal",
    "RestOptions",
    "RestProvider",
    "StreamReader",
    "assumed_like",
    "audio_body",
    "audio_events",
    "bounded_wait",
    "call_options",
    "checked_key",
    "checked_options",
    "checked_url",
    "clip_of",
    "count_of",
    "endpoint_options",
    "field_errors",
    "form_body",
    "http_date_s",
    "json_body",
    "json_events",
    "json_of",
    "keeping_body",
    "language_code",
    "language_tag",
    "mapping_of",
    "mappings_of",
    "next_piece",
    "number_of",
    "off_loop",
    "parse_json",
    "path_segment",
    "probability_of",
    "raw_format_of",
    "redact",
    "refuse_unsupported",
    "retry_after_s",
    "seconds_of",
    "spoken_text",
    "started",
    "stream_events",
    "stripped",
    "text_of",
    "whole_audio",
]
