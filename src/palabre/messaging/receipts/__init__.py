"""How far people have read: public, private and threaded receipts, and the fully-read marker."""
