"""Discovery, loading and isolation of plugins."""

from ossicle.plugins.discovery import installed_entry_points
from ossicle.plugins.host import PluginHost, default_host, missing
from ossicle.plugins.listing import PluginListing, PluginState

__all__ = [
    "PluginHost",
    "PluginListing",
    "PluginState",
    "default_host",
    "installed_entry_points",
    "missing",
]
