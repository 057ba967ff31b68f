"""The laboratory of tests/bridge, for clients that are programs of their own."""

from bridge.conftest import founded, laboratory, service

__all__ = ["founded", "laboratory", "service"]
