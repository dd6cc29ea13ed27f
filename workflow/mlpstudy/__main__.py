"""Entry of `python -m mlpstudy`."""

import os

if __name__ == "__main__":
    if address := os.environ.get("MLPSTUDY_SERVER"):
        from mlpstudy.server import hand_over

        hand_over(address)
    from mlpstudy.cli import main

    main()
