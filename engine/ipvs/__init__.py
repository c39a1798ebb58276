"""IPVS: which real server the kernel picks for a connection, given everything that happened before."""

from engine.ipvs.connection import Connection
from engine.ipvs.registry import SCHEDULERS
from engine.ipvs.server import ServerView
from engine.ipvs.service import VirtualServer

__all__ = ["SCHEDULERS", "Connection", "ServerView", "VirtualServer"]
