"""The operator's console: what is published, what is on its way to people, and the operations that move it."""
