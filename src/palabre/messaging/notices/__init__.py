"""The notices room: where the server tells a person, in any Matrix client, what becomes of the terms."""
