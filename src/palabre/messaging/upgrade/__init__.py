"""Replacing a room by a new one of another version."""
