"""What every domain needs and that knows of none of them: clock, ids, errors, JSON, text."""
