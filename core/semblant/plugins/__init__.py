"""How plugins are found, loaded in isolation and listed; :class:`semblant.host.PluginHost` is the door to it."""

from __future__ import annotations

from semblant.plugins.discovery import Failure, Owner
from semblant.plugins.listing import PluginRow, Status

__all__ = ["Failure", "Owner", "PluginRow", "Status"]
