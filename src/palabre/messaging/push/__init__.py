"""What a person wants to be notified of: push rules, unread counts, pushers."""
