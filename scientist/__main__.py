"""`python -m scientist` is the command `scientist`."""

from scientist.cli import main

if __name__ == "__main__":
    main()
