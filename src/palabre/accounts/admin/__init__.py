"""What an operator can do with accounts."""
