"""Discovery, loading and isolation of plugins."""

from ossicle.plugins.discovery import installed_entry_points
from ossicle.plugins.host import PluginHost, default_host, missing
from ossicle.plugins.listing import PluginListing, PluginState
from ossicle.plugins.report import Behaviour, CapabilityReport, Claim
from ossicle.plugins.verification import Verification, VerificationState, verify_module

__all__ = [
    "Behaviour",
    "CapabilityReport",
    "Claim",
    "PluginHost",
    "PluginListing",
    "PluginState",
    "Verification",
    "VerificationState",
    "default_host",
    "installed_entry_points",
    "missing",
    "verify_module",
]
