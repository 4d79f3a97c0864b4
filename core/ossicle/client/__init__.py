"""What an application holds: `AsyncClient`, and `Client` as its blocking face."""

from ossicle.client.asking import AudioSource
from ossicle.client.async_client import AsyncClient
from ossicle.client.blocking import BlockingReplyStream, Client
from ossicle.client.call_recorder import CallRecorder

__all__ = ["AsyncClient", "AudioSource", "BlockingReplyStream", "CallRecorder", "Client"]
