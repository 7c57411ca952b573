"""What a client keeps for its owner on the server: global, and for a room (tags among it)."""
