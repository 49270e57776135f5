"""The `sidedoor` command: read released files, run editions of the notebooks, publish and protect."""
