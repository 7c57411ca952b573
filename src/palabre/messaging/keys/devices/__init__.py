"""The identity keys of devices."""
