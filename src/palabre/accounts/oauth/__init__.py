"""OAuth 2.0 as Matrix has it (Client-Server API, "OAuth 2.0 API"): apps sign in through the browser.

Authlib knows the protocol (`protocol`, `registration`); this package knows Matrix's additions and the database.
"""
