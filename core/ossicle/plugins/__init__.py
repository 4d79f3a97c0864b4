"""Discovery, loading and isolation of plugins."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ossicle.plugins.discovery import installed_entry_points
    from ossicle.plugins.host import PluginHost, default_host, missing
    from ossicle.plugins.listing import PluginListing, PluginState
    from ossicle.plugins.proof import Proof, ProofState, ShippedReport, read_proof, report_path
    from ossicle.plugins.report import Behaviour, CapabilityReport, Claim, Outcome
else:
    from ossicle.lazy_names import lazy_names

    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "discovery": "installed_entry_points",
            "host": "PluginHost default_host missing",
            "listing": "PluginListing PluginState",
            "proof": "Proof ProofState ShippedReport read_proof report_path",
            "report": "Behaviour CapabilityReport Claim Outcome",
        },
    )

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
