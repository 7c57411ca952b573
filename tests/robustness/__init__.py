"""What comes over the wire and is not what a well-meaning client would send."""
