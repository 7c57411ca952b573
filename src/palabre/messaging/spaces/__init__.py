"""Summaries of rooms, alone or as the tree of a space."""
