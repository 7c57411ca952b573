"""Accounts: who exists, with which phone numbers, password and PIN, and in what state."""
