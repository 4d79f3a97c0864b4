"""The form that the vendor's client makes, on its way to the network.

Imports the HTTP library; import this module only where a request is about to be sent.
"""

from __future__ import annotations

import httpx2

from ossicle.rest import Body, BodyReader
from ossicle.rest.upload import Upload


class FormUpload(Upload):
    """The form of a request that the client has built; its file is in memory."""

    def __init__(self) -> None:
        super().__init__(Body(media_type="multipart/form-data", parts=()))

    def carry(self, request: httpx2.Request) -> None:
        """Become the body of a request, in the place of the client's."""
        if isinstance(request.stream, httpx2.SyncByteStream):
            self._body = _Form(request.stream)
        super().carry(request)


class _Form:
    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def reader(self) -> BodyReader:
        return BodyReader(self._stream)
