"""What people decided, and the proof of it."""
