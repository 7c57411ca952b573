"""User-interactive authentication: asking somebody again who they are before something that matters.

Client-Server API, "User-Interactive Authentication API".
"""
