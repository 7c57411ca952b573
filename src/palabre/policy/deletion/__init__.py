"""Erasing the accounts whose time is up: the last step of a ladder, and the only one that anything is written for."""
