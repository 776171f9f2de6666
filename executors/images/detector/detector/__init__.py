"""A compact anchor-free one-stage detector: trains, mines and infers by the YMIR container contract."""
