"""What a version's charts show, counted once at commit."""

from typing import Any

import numpy as np
import polars as pl

from datasets.store.schema import Tables

PER_ASSET_BINS = 50  # the last bin holds all that have more
SIZE_EDGES = [0, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024]  # side of the square of equal area, pixels
SHARE_EDGES = [0.0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]  # box area over image area
ASPECT_EDGES = [0.0, 0.125, 0.25, 0.5, 0.8, 1.25, 2.0, 4.0, 8.0]  # width over height
COMMON_SIZES = 20
COCO_SMALL, COCO_MEDIUM = 32**2, 96**2  # the area classes of the COCO evaluation

Json = dict[str, Any]


def statistics(tables: Tables) -> Json:
    """Count canonical tables. A histogram is {edges, counts}: bin i goes from edge i to the next, the last is open."""
    return {**asset_statistics(tables.assets), **class_statistics(tables), **box_statistics(tables)}


def asset_statistics(assets: pl.DataFrame) -> Json:
    """Count images by size, format and bytes."""
    sizes = assets.group_by("width", "height").len().sort(["len", "width", "height"], descending=[True, False, False])
    formats = assets.group_by("format").len().sort("format")
    return {
        "asset_count": assets.height,
        "byte_count": int(assets["bytes"].cast(pl.UInt64).sum()),
        "formats": {str(name): count for name, count in formats.iter_rows()},
        "image_sizes": [list(row) for row in sizes.head(COMMON_SIZES).iter_rows()],
        "image_size_count": sizes.height,
    }


def class_statistics(tables: Tables) -> Json:
    """Count annotations and images of each class."""
    codes = tables.annotations["class_code"].to_numpy()
    rows = tables.annotations["asset_row"].to_numpy()
    classes = len(tables.class_names)
    boxes = np.bincount(codes, minlength=classes)
    # annotations of one class in one asset stand together in the canonical order: the first of each run is an image
    first = np.ones(len(codes), bool)
    first[1:] = (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1])
    images = np.bincount(codes[first], minlength=classes)
    return {
        "annotation_count": len(codes),
        "class_counts": dict(zip(tables.class_names, boxes.tolist(), strict=True)),
        "class_asset_counts": dict(zip(tables.class_names, images.tolist(), strict=True)),
    }


def box_statistics(tables: Tables) -> Json:
    """Count images by number of boxes, and boxes by size, share of the image and shape."""
    rows = tables.annotations["asset_row"].to_numpy()
    width = tables.annotations["w"].to_numpy().astype(np.float64)
    height = tables.annotations["h"].to_numpy().astype(np.float64)
    image_area = (tables.assets["width"].cast(pl.Float64) * tables.assets["height"]).to_numpy()
    area = width * height
    per_asset = np.bincount(rows, minlength=tables.assets.height)
    filled = height > 0
    return {
        "empty_asset_count": int((per_asset == 0).sum()),
        "annotations_per_asset": histogram(per_asset, list(range(PER_ASSET_BINS + 1))),
        "box_sizes": histogram(np.sqrt(area), SIZE_EDGES),
        "box_shares": histogram(area / image_area[rows], SHARE_EDGES),
        "box_aspects": histogram(width[filled] / height[filled], ASPECT_EDGES),
        "coco_areas": {
            "small": int((area < COCO_SMALL).sum()),
            "medium": int(((area >= COCO_SMALL) & (area < COCO_MEDIUM)).sum()),
            "large": int((area >= COCO_MEDIUM).sum()),
        },
    }


def histogram(values: np.ndarray, edges: list[float] | list[int]) -> Json:
    """Count values by the bin they fall in."""
    bins = np.searchsorted(np.asarray(edges), values, side="right") - 1
    return {"edges": edges, "counts": np.bincount(bins, minlength=len(edges)).tolist()}
