"""Entry of `python -m mlpstudy`."""

import os
import sys

if __name__ == "__main__":
    if address := os.environ.get("MLPSTUDY_SERVER"):
        from mlpstudy.server import IMPORTS, hand_over

        if sys.argv[1:2] and sys.argv[1] in IMPORTS:  # others start as fast by themselves
            hand_over(address)
    from mlpstudy.cli import main

    main()
