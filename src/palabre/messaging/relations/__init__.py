"""Events that relate to other events: bundled aggregations, relations and threads."""
