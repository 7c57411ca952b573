"""Finding people whose phone number one already has."""
