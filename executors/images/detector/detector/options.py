"""The hyper-parameters of each task. The templates in img-man explain every key; defaults here and there agree."""

from dataclasses import dataclass

from contract.settings import require
from detector.augment import Recipe
from detector.predict import PredictOptions


@dataclass(frozen=True)
class TrainingOptions:
    """Everything that shapes a training."""

    input_size: int = 320
    width: float = 1.0
    depth: int = 1
    epochs: int = 100
    max_minutes: float = 0.0
    batch_size: int = 16
    min_batches: int = 8
    optimizer: str = "muon"
    learning_rate: float = 0.008
    weight_decay: float = 0.05
    warmup: float = 0.03
    prior_share: float = 0.2
    ema_decay: float = 0.998
    patience: int = 0
    evaluations: int = 40
    rare_below: float = 0.3
    mosaic: float = 1.0
    plain_share: float = 0.15
    scale: float = 0.5
    flip_horizontal: bool = True
    flip_vertical: bool = False
    transpose: bool = False
    colour: float = 0.5
    memory_megabytes: int = 4096
    export_onnx: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.input_size >= 64 and self.input_size % 32 == 0, "input_size must be a multiple of 32 from 64 on")
        require(self.epochs >= 1, "epochs must be at least 1")
        require(self.batch_size >= 1, "batch_size must be at least 1")
        require(self.max_minutes >= 0, "max_minutes must not be negative")
        require(0.25 <= self.width <= 8, "width must lie between 0.25 and 8")
        require(1 <= self.depth <= 8, "depth must lie between 1 and 8")
        require(0 <= self.scale < 1, "scale must lie between 0 and 1")
        require(self.optimizer in {"muon", "adamw"}, "optimizer must be muon or adamw")
        require(self.learning_rate > 0, "learning_rate must be above 0")

    def recipe(self, progress: float) -> Recipe:
        """How to change images at this share of the run: the last part sees whole pictures, changed less."""
        plain = progress >= 1 - self.plain_share
        return Recipe(
            mosaic=0.0 if plain else self.mosaic,
            scale=self.scale / 2 if plain else self.scale,
            flip_horizontal=self.flip_horizontal,
            flip_vertical=self.flip_vertical,
            transpose=self.transpose and not plain,
            colour=self.colour / 2 if plain else self.colour,
        )


@dataclass(frozen=True)
class InferOptions:
    """Everything that shapes the boxes handed back; mining reads them too."""

    infer_batch_size: int = 8
    confidence_threshold: float = 0.005
    nms_threshold: float = 0.65
    max_boxes: int = 300
    infer_flip: bool = True

    def __post_init__(self) -> None:
        require(self.infer_batch_size >= 1, "infer_batch_size must be at least 1")
        require(0 <= self.confidence_threshold < 1, "confidence_threshold must lie between 0 and 1")
        require(0 < self.nms_threshold <= 1, "nms_threshold must lie between 0 and 1")
        require(self.max_boxes >= 1, "max_boxes must be at least 1")

    def predict_options(self, *, flip_vertical: bool) -> PredictOptions:
        """Averaging over mirrored copies uses only mirrorings that the model saw in training."""
        flips = ("h", "v", "hv") if flip_vertical else ("h",)
        return PredictOptions(
            confidence=self.confidence_threshold,
            overlap=self.nms_threshold,
            limit=self.max_boxes,
            flips=flips if self.infer_flip else (),
        )
