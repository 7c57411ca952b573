"""End-to-end encryption, the server's share: it keeps public keys and hands them out, and never sees a private one."""
