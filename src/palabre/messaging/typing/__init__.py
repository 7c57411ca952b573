"""Who is typing where. Only in memory: it is gone before a restart is over."""
