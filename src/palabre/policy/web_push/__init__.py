"""Web Push: who takes push messages in which browsers, and getting a message there (RFC 8030, 8291, 8292)."""
