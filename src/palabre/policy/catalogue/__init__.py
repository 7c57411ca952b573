"""All published versions and all roll-outs, in memory: there are few, and every request needs them."""
