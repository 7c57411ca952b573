"""Where a person's notifications are to be pushed to."""
