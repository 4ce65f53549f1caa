"""The private stack: Lighter (or a peer) with everything it touches in namespaces of its own."""

from . import leaks, peers
from .stack import PROGRAMS, Reply, Stack, StackError, official_cli

__all__ = ["PROGRAMS", "Reply", "Stack", "StackError", "leaks", "official_cli", "peers"]
