"""One-time and fallback keys."""
