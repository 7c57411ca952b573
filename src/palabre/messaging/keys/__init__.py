"""End-to-end encryption, the server's share of it: it keeps public keys and hands them out, and never sees a private one."""
