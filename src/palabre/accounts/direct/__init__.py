"""Signing in with number, code and PIN over plain JSON: the road of our own clients."""
