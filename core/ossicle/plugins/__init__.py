"""Discovery, loading and isolation of plugins."""

from ossicle.plugins.discovery import installed_entry_points
from ossicle.plugins.host import PluginHost, default_host, missing
from ossicle.plugins.listing import PluginListing, PluginState
from ossicle.plugins.proof import Proof, ProofState, ShippedReport, read_proof, report_path
from ossicle.plugins.report import Behaviour, CapabilityReport, Claim, Outcome

__all__ = [
    "Behaviour",
    "CapabilityReport",
    "Claim",
    "Outcome",
    "PluginHost",
    "PluginListing",
    "PluginState",
    "Proof",
    "ProofState",
    "ShippedReport",
    "default_host",
    "installed_entry_points",
    "missing",
    "read_proof",
    "report_path",
]
