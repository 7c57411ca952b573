"""Conversations between clients that were written elsewhere: matrix-nio and matrix-js-sdk."""
