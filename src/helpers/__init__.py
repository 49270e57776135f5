"""Side Door: who shares license-plate reader data, who searches it, and through which door?

Notebooks import modules from here (`from helpers import findings, figures`). Nothing is imported until it
is used.
"""

__version__ = "0.2.0"
