"""Where each person stands now, in memory, and what that leaves open."""
