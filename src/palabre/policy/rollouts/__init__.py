"""How a version reaches everyone: the ladder of dates, who stands where on it, and the operations that move it."""
