"""Everything that the server holds about a person, for them to take along (GDPR articles 15 and 20)."""
