"""Reading a room's past: who may see which part of it, and the endpoints that page through it."""
