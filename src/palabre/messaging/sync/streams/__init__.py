"""The streams that a sync is arranged from, one provider each.

Every provider answers the same questions: which of these rooms (or: did this person) may have something new since a
token, from memory alone; what changed between two tokens; what is the whole of it now. `/sync` is one arrangement of
them.
"""
