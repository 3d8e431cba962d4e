"""A local-first research assistant that behaves like a scientist."""

__version__ = "0.5.0"
