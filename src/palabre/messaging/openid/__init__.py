"""Tokens with which a person proves to another service who they are, without giving it their access token."""
