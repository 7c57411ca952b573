"""The event stream and the snapshots from before `/sync`: deprecated, but still in the specification."""
