"""Sharing networks: who can search whose plate data, by which lists, and what missing lists leave open.

`load_network` reads the lists, `build_graph` makes a `networkx.DiGraph` of them. The other modules are
imported by name: `from helpers.network import measure, sampling`.
"""

from helpers.network.build import build_graph, save_network, select_reporters
from helpers.network.load import load_network

__all__ = ["build_graph", "load_network", "save_network", "select_reporters"]
