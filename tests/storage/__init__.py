"""Storage and its backends."""
