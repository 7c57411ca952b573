"""People talking: rooms, timeline, sync, keys, and everything around them."""
