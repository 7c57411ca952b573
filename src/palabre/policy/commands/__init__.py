"""The command line of policy: `palabre policy …` and `palabre rollout …`."""
