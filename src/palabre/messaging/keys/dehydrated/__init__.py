"""Dehydrated devices: one that takes in encrypted messages while a person is signed in nowhere (MSC3814)."""
