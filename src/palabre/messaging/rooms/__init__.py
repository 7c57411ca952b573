"""Rooms: their state, who is in them, who may do what, and appending events."""
