"""Palabre: a self-hosted messenger that keeps its terms."""

from importlib.metadata import version

__version__ = version("palabre")
