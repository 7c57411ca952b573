"""Palabre: a self-hosted messenger that keeps its terms."""
