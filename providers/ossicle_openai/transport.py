"""The one place that talks to the network: the vendor's client, its answers, its failures.

Imports the SDK; import this module only where a request is about to be sent.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import httpx2
import openai

from ossicle.errors import OssicleError
from ossicle.rest import Outgoing, Refusal, path_segment, stripped
from ossicle.rest.answer import Answer, read_refusal
from ossicle.rest.transport import error_of, headers_of, timeout_of
from ossicle.rest.upload import Upload
from ossicle_openai.errors import CallFacts
from ossicle_openai.options import FAILURES, EndpointOptions
from ossicle_openai.outgoing import OutgoingForm
from ossicle_openai.profiles import EndpointProfile
from ossicle_openai.upload import FormUpload

_UPLOAD: ContextVar[Upload | None] = ContextVar("ossicle_openai_upload", default=None)
"""The body of the request that this task sends, for the hook that the client calls."""


class Transport:
    """One client for one endpoint, with the SDK's authentication, URLs and headers.

    The SDK's retries are off, and so are redirects: a paid request must not be repeated, or wander
    to another origin, behind the core's back.

    Args:
        key: Sent the way the vendor wants it.
        base_url: With the version's path.
        profile: What the server does its own way.
        options: Of the endpoint.
    """

    def __init__(
        self, *, key: str, base_url: str, profile: EndpointProfile, options: EndpointOptions
    ) -> None:
        self._options = options
        http = openai.DefaultAsyncHttpxClient(
            follow_redirects=False,
            event_hooks={"request": [_carry_upload], "response": [_refuse]},
        )
        shared: dict[str, Any] = {
            "api_key": key,
            "max_retries": 0,
            "http_client": http,
            "default_headers": options.headers,
            "organization": options.organization,
            "project": options.project,
        }
        self._client: openai.AsyncOpenAI
        self._by_deployment = profile.name == "azure" and options.api_version is not None
        if self._by_deployment:
            self._client = openai.AsyncAzureOpenAI(
                azure_endpoint=base_url, api_version=options.api_version, **shared
            )
        else:
            self._client = openai.AsyncOpenAI(base_url=base_url, **shared)
        if not profile.is_openai:
            # The SDK takes these from the environment; they are nobody else's business.
            self._client.organization = options.organization
            self._client.project = options.project

    async def send(self, outgoing: Outgoing | OutgoingForm, call: CallFacts) -> Answer:
        """Send a request; returns its answer once the headers are there.

        Raises:
            DeadlineExceededError: There is no time left.
            ProviderError: No connection, or a status other than 2xx, or nobody knows.
        """
        upload = Upload(outgoing.body) if isinstance(outgoing, Outgoing) else FormUpload()
        mark = _UPLOAD.set(upload)
        try:
            response = await self._post(outgoing, upload, call.model)
        except _RefusedError as refused:
            # From None: what was caught holds nothing that the error does not say.
            raise call.explain(refused.refusal) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, OssicleError):
                raise error.__cause__ from None  # the audio's file is gone, say
            raise error_of(
                error.__cause__, is_uploaded=upload.is_complete, failures=FAILURES
            ) from stripped(error)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            raise error_of(error, is_uploaded=True, failures=FAILURES) from stripped(error)
        except openai.OpenAIError as error:
            raise FAILURES.invalid_reply(
                f"the client gave up: {type(error).__name__}"
            ) from stripped(error)
        finally:
            _UPLOAD.reset(mark)
            upload.close()
        return Answer(response, max_bytes=self._options.max_reply_bytes, failures=FAILURES)

    async def _post(
        self, outgoing: Outgoing | OutgoingForm, upload: Upload, model: str
    ) -> httpx2.Response:
        path = outgoing.path
        if self._by_deployment:
            path = f"/deployments/{path_segment(model, what='deployment')}{path}"
        content = _content(outgoing, upload)
        headers = content.pop("headers")
        response: httpx2.Response = await self._client.post(
            path,
            cast_to=httpx2.Response,
            stream=True,
            options={
                "headers": headers,
                "timeout": timeout_of(
                    outgoing.deadline,
                    connect_s=self._options.connect_timeout_s,
                    read_s=self._options.read_timeout_s,
                ),
            },
            **content,
        )
        return response

    async def aclose(self) -> None:
        """Close all connections; closing twice is harmless."""
        await self._client.close()


class _RefusedError(Exception):
    """A reply with a status other than 2xx, on its way out of the SDK."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"status {refusal.status}")
        self.refusal = refusal


async def _carry_upload(request: httpx2.Request) -> None:
    """Put our own body in the place of the client's, which leaves generators behind."""
    upload = _UPLOAD.get()
    if upload is not None:
        upload.carry(request)


async def _refuse(response: httpx2.Response) -> None:
    """Turn away what is no answer."""
    if not 200 <= response.status_code < 300:
        raise _RefusedError(await read_refusal(response))


def _content(outgoing: Outgoing | OutgoingForm, upload: Upload) -> dict[str, Any]:
    """What the SDK is told of the body, and the headers that tell of it."""
    if isinstance(outgoing, Outgoing):
        return {"content": upload, "headers": headers_of(outgoing)}
    headers = {
        **outgoing.headers,
        "Accept": outgoing.accept,
        "Accept-Encoding": "identity",
        "Content-Type": "multipart/form-data",
    }
    return {"body": dict(outgoing.form), "files": {"file": outgoing.file}, "headers": headers}
