"""Signed-in devices and their tokens."""
