"""The way to one endpoint: built when first used, checked before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossicle.errors import AudioLimitError, DependencyMissingError
from ossicle.rest.endpoint import Endpoint
from ossicle.rest.failures import Explain, Failures
from ossicle.rest.outgoing import Outgoing
from ossicle.rest.per_loop import PerLoop
from ossicle.rest.settings import RestOptions

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from ossicle.rest.answer import Answer
    from ossicle.rest.transport import Transport


class EndpointClient:
    """Sends requests to one endpoint, without retries and redirects.

    Nothing is imported or connected before the first request. Each event loop has its own
    connections.

    Args:
        endpoint: Where to, with which headers and options.
        failures: Builds the provider's errors.
        extra: The extra of ossicle that brings the HTTP client; `None` is the provider's name.

    Example:
        client = EndpointClient(endpoint, failures=FAILURES)
        async with await client.send(outgoing, errors.explain) as answer:
            body = await answer.read()
    """

    def __init__(
        self, endpoint: Endpoint[RestOptions], *, failures: Failures, extra: str | None = None
    ) -> None:
        self._endpoint, self._failures = endpoint, failures
        self._extra = extra or endpoint.provider
        self._certificates: ssl.SSLContext | None = None
        self._transports: PerLoop[Transport] = PerLoop(lambda transport: transport.aclose())

    async def send(self, outgoing: Outgoing, explain: Explain) -> Answer:
        """Send a request; returns its answer once the headers are there.

        Args:
            outgoing: The request.
            explain: Translates a status other than 2xx, such as `CallErrors.explain`.

        Raises:
            AudioLimitError: The body is more than one request takes.
            MissingKeyError: There is no key.
            ConfigurationError: The environment names a proxy or certificates that cannot be.
            DependencyMissingError: The HTTP client is not installed.
            DeadlineExceededError: There is no time left.
            ProviderError: No connection, or a status other than 2xx, or an unknown outcome.
        """
        allowed, measured = self._endpoint.options.max_request_bytes, outgoing.body.n_bytes
        if measured > allowed:
            raise AudioLimitError(
                f"the request of {measured} bytes is larger than the {allowed} allowed",
                limit="encoded_bytes",
                measured=measured,
                allowed=allowed,
                fix="Send shorter audio, or a shorter history.",
            )
        headers = self._endpoint.headers()
        transport = await self._transports.get(lambda: self._build(headers))
        return await transport.send(outgoing, explain)

    async def aclose(self) -> None:
        """Close the connections of this event loop; closing twice is harmless."""
        await self._transports.aclose()

    def _build(self, headers: Mapping[str, str]) -> Transport:
        try:
            from ossicle.rest.transport import Transport
        except ImportError as error:
            raise DependencyMissingError(
                "the httpx2 package is not installed", package="httpx2", extra=self._extra
            ) from error
        transport = Transport(
            base_url=self._endpoint.base_url,
            headers=headers,
            options=self._endpoint.options,
            failures=self._failures,
            certificates=self._certificates,
        )
        self._certificates = transport.certificates
        return transport
