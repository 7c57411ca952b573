"""`palabre chat`: a small terminal client. It talks to the server as any client does, over the Matrix API."""
