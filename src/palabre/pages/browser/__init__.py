"""What a browser remembers by cookie: who it is signed in as, and how far a sign-in has come."""
