"""Signing in and out through the legacy API (Client-Server API, "Legacy API", "Login")."""
