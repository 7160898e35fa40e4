"""Measures Shale's mounts, images and builds against their peers; scripts/bench is how it is started."""
