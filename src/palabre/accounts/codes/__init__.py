"""One-time codes: sending six digits to a phone number, and checking what comes back."""
