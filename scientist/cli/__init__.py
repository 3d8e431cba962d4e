"""The command line: the only place that prints.

Commands import the rooms they need when they run, so that help, lists and verification
never load a model client, a vector store or numpy.
"""

from scientist.cli.app import app, main

__all__ = ["app", "main"]
