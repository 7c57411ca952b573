"""Filters: what of a sync, or of a timeline, a client wants to see."""
