"""What an application holds: `AsyncClient`, and `Client` as its blocking face."""

from ossicle.client.async_client import AsyncClient
from ossicle.client.blocking import Client
from ossicle.client.blocking_conversation import Conversation, Conversations
from ossicle.client.blocking_stream import BlockingReplyStream
from ossicle.client.call_recorder import CallRecorder, recorded_stats
from ossicle.client.cascades import Cascade
from ossicle.client.client_backend import AsyncConversations
from ossicle.client.client_settings import ClientSettings

__all__ = [
    "AsyncClient",
    "AsyncConversations",
    "BlockingReplyStream",
    "CallRecorder",
    "Cascade",
    "Client",
    "ClientSettings",
    "Conversation",
    "Conversations",
    "recorded_stats",
]
