"""Cross-signing keys and the signatures made with them."""
