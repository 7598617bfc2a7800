"""`python -m fixengine`."""

from fixengine.cli import main

if __name__ == "__main__":
    main()
