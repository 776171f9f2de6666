"""Writes /in/env.yaml: which tasks run and where everything lies. The keys and their order are the contract's."""

import time
from dataclasses import dataclass
from typing import Any

import yaml

from executors.contract import monitor, outbox
from executors.contract.layout import WorkDir
from executors.contract.monitor import MonitorState

PROTOCOL_VERSION = "1.1.0"
EXECUTOR_LOG = "ymir-executor-out.log"
"""Some images copy it, or follow it; what they print is kept elsewhere, where they cannot change it."""


@dataclass(frozen=True)
class Tasks:
    """What one run is to do. Mining and inference may go together."""

    training: bool = False
    mining: bool = False
    infer: bool = False


def document(work: WorkDir, *, task_id: str, tasks: Tasks) -> dict[str, Any]:
    """Return env.yaml as a mapping. Index files that the tasks do not use are empty strings."""
    source, target = work.inside_in, work.inside_out
    has_candidates = tasks.mining or tasks.infer
    return {
        "protocol_version": PROTOCOL_VERSION,
        "task_id": task_id,
        "run_training": tasks.training,
        "run_mining": tasks.mining,
        "run_infer": tasks.infer,
        "manifest_file": str(work.manifest_file),
        "input": {
            "root_dir": str(source),
            "assets_dir": f"{source}/assets",
            "annotations_dir": f"{source}/annotations",
            "models_dir": f"{source}/models",
            "config_file": f"{source}/config.yaml",
            "training_index_file": f"{source}/train-index.tsv" if tasks.training else "",
            "val_index_file": f"{source}/val-index.tsv" if tasks.training else "",
            "candidate_index_file": f"{source}/candidate-index.tsv" if has_candidates else "",
        },
        "output": {
            "root_dir": str(target),
            "models_dir": f"{target}/models",
            "tensorboard_dir": f"{target}/tensorboard",
            "training_result_file": f"{target}/models/result.yaml",
            "mining_result_file": f"{target}/result.tsv",
            "infer_result_file": f"{target}/infer-result.json",
            "monitor_file": f"{target}/monitor.txt",
            "executor_log_file": f"{target}/{EXECUTOR_LOG}",
        },
    }


def write(work: WorkDir, *, task_id: str, tasks: Tasks) -> None:
    """Write env.yaml into the work folder, and begin the files of /out that images expect to find."""
    text = yaml.safe_dump(document(work, task_id=task_id, tasks=tasks), sort_keys=False, allow_unicode=True)
    work.env_file.write_text(text, encoding="utf-8")
    pending = f"{task_id}\t{time.time():.6f}\t0.00\t{MonitorState.PENDING.value}\t0\n"
    outbox.begin(work.out_dir, monitor.FILE, pending, anew=True)  # an earlier try's would show that as done
    outbox.begin(work.out_dir, EXECUTOR_LOG, "")
