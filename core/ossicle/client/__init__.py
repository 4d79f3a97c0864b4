"""What an application holds: `AsyncClient`, and `Client` as its blocking face."""

from ossicle.client.asking import AudioSource
from ossicle.client.async_client import AsyncClient
from ossicle.client.blocking import BlockingReplyStream, Client

__all__ = ["AsyncClient", "AudioSource", "BlockingReplyStream", "Client"]
