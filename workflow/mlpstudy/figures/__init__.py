"""Figures of a study, drawn from its tables, and their index, from which pages take them.

Matplotlib reads the user's settings when it is imported: a notebook's backend, which need not be
installed here, and a matplotlibrc. It is kept from both, as figures must not depend on them.
"""

import os

os.environ.update(MPLBACKEND="agg", MATPLOTLIBRC=os.devnull)
