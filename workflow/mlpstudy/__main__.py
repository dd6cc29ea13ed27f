"""Entry of `python -m mlpstudy`."""

from mlpstudy.cli import main

if __name__ == "__main__":
    main()
