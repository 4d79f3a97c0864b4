"""Requests at one endpoint, the same for every task."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from ossicle.audio import AudioClip
from ossicle.messages import Event, Request
from ossicle.rest import (
    Body,
    CallErrors,
    EndpointClient,
    Outgoing,
    StreamReader,
    form_body,
    json_body,
    stream_events,
)
from ossicle_openai.catalogue import successor_of
from ossicle_openai.endpoint import OpenAIEndpoint
from ossicle_openai.errors import LADDER
from ossicle_openai.options import PROVIDER

if TYPE_CHECKING:
    from ossicle.rest.answer import Answer


class Exchange:
    """Sends requests to one endpoint.

    Args:
        endpoint: Where to.
    """

    def __init__(self, endpoint: OpenAIEndpoint) -> None:
        self.endpoint = endpoint
        self._client = EndpointClient(endpoint, failures=LADDER.failures, extra=PROVIDER)

    def errors_of(self, request: Request, *, origins: tuple[int | None, ...] = ()) -> CallErrors:
        """What translates the errors of a call."""
        return CallErrors(
            ladder=LADDER,
            model=request.model,
            successor=successor_of(request.model),
            key=self.endpoint.key,
            said=request.texts,
            origins=origins,
            failed_requests_are_billed=self.endpoint.profile.failed_requests_are_billed,
        )

    async def post(
        self,
        path: str,
        body: Body,
        *,
        request: Request,
        accept: str,
        errors: CallErrors,
        headers: Mapping[str, str],
    ) -> Answer:
        """Send a body.

        Raises:
            OssicleError: There is no answer with status 2xx.
        """
        outgoing = Outgoing(
            path=self.endpoint.path(path, model=request.model),
            accept=accept,
            body=body,
            deadline=request.deadline,
            headers=headers,
        )
        return await self._client.send(outgoing, errors.explain)

    def relay(
        self, answer: Answer, reader: StreamReader, errors: CallErrors
    ) -> AsyncGenerator[Event, None]:
        """The events of a streamed answer, up to its end; see `ossicle.rest.stream_events`."""
        most = self.endpoint.options.max_event_bytes
        return stream_events(answer, reader, errors, max_event_bytes=most)

    async def aclose(self) -> None:
        """Close the connections of this event loop; closing twice is harmless."""
        await self._client.aclose()


def form_of(fields: Mapping[str, Any], clip: AudioClip, *, filename: str) -> Body:
    """A form with one file; lists and objects are written with brackets, as the vendor reads them.

    Source: openai-python 3.54.0, `Querystring(array_format="brackets")`.
    """
    return form_body(list(_flat(fields)), name="file", clip=clip, filename=filename)


def _flat(fields: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in fields.items():
        name = f"{prefix}[{key}]" if prefix else key
        if isinstance(value, Mapping):
            found += _flat(value, name)
        elif isinstance(value, list | tuple):
            found += [(f"{name}[]", _written(one)) for one in value]
        elif value is not None:
            found.append((name, _written(value)))
    return found


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


__all__ = ["Exchange", "StreamReader", "form_of", "json_body"]
