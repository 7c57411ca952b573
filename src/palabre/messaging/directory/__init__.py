"""Room aliases and the list of published rooms."""
