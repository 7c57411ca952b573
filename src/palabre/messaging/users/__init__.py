"""What people may ask about other people on the server."""
