"""Making an account through the legacy API (Client-Server API, "Account registration")."""
