"""The one place that talks to the network: connections and their failures.

Imports the HTTP client; import this module only where a request is about to be sent.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping

import anyio
import httpx2

from ossicle.errors import ConfigurationError, DeadlineExceededError, OssicleError
from ossicle.rest.answer import Answer, read_refusal
from ossicle.rest.exception_hygiene import stripped
from ossicle.rest.failures import Explain, Failures
from ossicle.rest.outgoing import Outgoing
from ossicle.rest.settings import RestOptions
from ossicle.rest.surroundings import proxy_variable, suspects
from ossicle.rest.upload import Upload

_NOTHING_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.InvalidURL,
)


_LIMITS = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
"""How many calls run at a time is the core's to bound (`ossicle.policy`), not the client's."""


class Transport:
    """One client for one endpoint, in one event loop.

    There are no retries and no redirects: a paid request must not be repeated, or wander to
    another origin, behind the core's back.

    Args:
        base_url: Without a slash at the end.
        headers: Of every request, the key among them.
        options: Of the endpoint.
        failures: Builds the provider's errors.
        certificates: What another event loop's transport has read already; `None` reads them.

    Attributes:
        certificates: The certificates that are trusted, for the next event loop's transport:
            reading them takes 20 ms.

    Raises:
        ConfigurationError: The environment names a proxy or certificates that cannot be.
    """

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        options: RestOptions,
        failures: Failures,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        self._base_url, self._options, self._failures = base_url, options, failures
        self._proxy = proxy_variable(base_url)
        with _naming_variables():
            self.certificates = certificates or httpx2.create_ssl_context()
            self._client = httpx2.AsyncClient(
                follow_redirects=False,
                headers={**options.headers, **headers},
                limits=_LIMITS,
                verify=self.certificates,
            )

    async def send(self, outgoing: Outgoing, explain: Explain) -> Answer:
        """Send a request; returns its answer once the headers are there.

        Raises:
            DeadlineExceededError: There is no time left.
            ProviderError: No connection, or a status other than 2xx, or an unknown outcome.
        """
        upload = Upload(outgoing.body)
        try:
            request = self._request(outgoing)
            upload.carry(request)
            response = await self._client.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise error_of(
                error, is_uploaded=upload.is_complete, failures=self._failures, proxy=self._proxy
            ) from stripped(error)
        finally:
            upload.close()
        if not 200 <= response.status_code < 300:
            raise explain(await read_refusal(response))
        return Answer(response, max_bytes=self._options.max_reply_bytes, failures=self._failures)

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        await self._client.aclose()

    def _request(self, outgoing: Outgoing) -> httpx2.Request:
        return self._client.build_request(
            "POST",
            self._base_url + outgoing.path,
            headers=headers_of(outgoing),
            timeout=timeout_of(
                outgoing.deadline,
                connect_s=self._options.connect_timeout_s,
                read_s=self._options.read_timeout_s,
            ),
        )


@contextlib.contextmanager
def _naming_variables() -> Iterator[None]:
    """Blame the variable of the environment because of which a client cannot be built."""
    try:
        yield
    except (ImportError, ValueError, OSError) as error:
        # From None: the message could quote a proxy's URL, and the password in it.
        names, fix = suspects(error)
        said_by = " and ".join(names) or "the environment"
        raise ConfigurationError(
            f"no connection can be made with what {said_by} says ({type(error).__name__})", fix=fix
        ) from None


def headers_of(outgoing: Outgoing) -> dict[str, str]:
    """The headers of a request that describe its body and the answer."""
    return {
        **outgoing.headers,
        "Accept": outgoing.accept,
        # Audio hardly shrinks, and a compressed answer could unfold without end.
        "Accept-Encoding": "identity",
        "Content-Type": outgoing.body.media_type,
        "Content-Length": str(outgoing.body.n_bytes),
    }


def timeout_of(deadline: float | None, *, connect_s: float, read_s: float) -> httpx2.Timeout:
    """Bounds for each step of a call; the whole is bounded by the core's cancellation.

    Args:
        deadline: Moment by `anyio.current_time()` after which no answer is of use.
        connect_s: Longest time for a connection to come about.
        read_s: Longest silence of the vendor.

    Raises:
        DeadlineExceededError: There is no time left.
    """
    left = None if deadline is None else deadline - anyio.current_time()
    if left is not None and left <= 0:
        raise DeadlineExceededError(
            "the time ran out before the request was sent", fix="Allow more time."
        )
    if left is not None:
        connect_s, read_s = min(connect_s, left), min(read_s, left)
    return httpx2.Timeout(read_s, connect=connect_s, pool=connect_s)


def error_of(
    error: BaseException | None, *, is_uploaded: bool, failures: Failures, proxy: str | None = None
) -> OssicleError:
    """The error for a request that brought no answer.

    Args:
        error: What the HTTP client said.
        is_uploaded: Whether the network took the whole request.
        failures: Builds the provider's errors.
        proxy: The variable of the environment that names the proxy on the way, if there is one.
    """
    name = type(error).__name__
    by_way = f" by the proxy of {proxy}" if proxy else ""
    if isinstance(error, httpx2.ProxyError):
        fix = f"Check {proxy}." if proxy else "Check the proxy's settings."
        return failures.unreachable("the proxy refused the connection", fix=fix)
    if isinstance(error, _NOTHING_SENT):
        fix = f"Check {proxy} or unset it; " if proxy else ""
        return failures.unreachable(
            f"no connection to the endpoint{by_way} ({name})",
            fix=f"{fix}check base_url and the network."
            if fix
            else "Check base_url and the network.",
        )
    if not is_uploaded:
        return failures.unreachable(
            f"the connection failed while the request was being sent ({name})",
            fix="Ask again; nothing was executed.",
        )
    return failures.ambiguous(f"the request was sent, and no answer came ({name})")
