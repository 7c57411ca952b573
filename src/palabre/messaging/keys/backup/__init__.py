"""The room keys that a person stores, encrypted, on the server."""
