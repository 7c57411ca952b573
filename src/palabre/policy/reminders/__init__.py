"""Reminders by push or text message, to those who have not answered and within the budget of the roll-out."""
