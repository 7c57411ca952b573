"""Replaying a calendar: the real services, a simulated clock, and people drawn from a seed."""
