"""`python -m palabre` is `palabre`."""

from .cli import main

if __name__ == "__main__":
    main()
