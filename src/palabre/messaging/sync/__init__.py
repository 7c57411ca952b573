"""Bringing a device up to date: `/sync`, the streams it is arranged from, and the waiting and waking around it."""
