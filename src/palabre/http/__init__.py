"""HTTP in and out: the endpoint decorator, the router, authentication, rate limits, error bodies, OpenAPI."""
