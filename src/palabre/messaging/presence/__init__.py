"""Who is online. Only in memory: after a restart everybody is offline until heard of again."""
