import os

from ymir_exc import dataset_reader as dr
from ymir_exc import env, monitor
from ymir_exc import result_writer as rw

environment = env.get_current_env()
config = env.get_executor_config()

if environment.run_training:
    items = list(dr.item_paths(dr.DatasetType.TRAINING)) + list(dr.item_paths(dr.DatasetType.VALIDATION))
    assert all(os.path.isfile(asset) and os.path.isfile(annotation) for asset, annotation in items)
    assert isinstance(config["fake_map"], float) and config["gpu_id"] == "" and config["gpu_count"] == 0
    assert os.environ["HOME"] and os.access(os.environ["HOME"], os.W_OK)
    for percent in (0.2, 0.0, 0.97, 1.0):
        monitor.write_monitor_logger(percent=percent)
    with open(os.path.join(environment.output.models_dir, "model-0000.params"), "w") as stream:
        stream.write(f"{len(items)} items, {config['class_names']}")
    os.makedirs(environment.output.tensorboard_dir, exist_ok=True)
    open(os.path.join(environment.output.tensorboard_dir, "events.out.tfevents.1"), "wb").close()
    rw.write_training_result(
        model_names=["model-0000.params"], mAP=config["fake_map"], classAPs=dict.fromkeys(config["class_names"], 0.5)
    )
if environment.run_mining:
    assets = [asset for asset, _ in dr.item_paths(dr.DatasetType.CANDIDATE)]
    assert all(os.path.isfile(path) for path in config["model_params_path"])
    rw.write_mining_result([(asset, place / len(assets)) for place, asset in enumerate(sorted(assets))])
if environment.run_infer:
    names = [asset for asset, _ in dr.item_paths(dr.DatasetType.CANDIDATE)]
    box = rw.Annotation(class_name=config["class_names"][0], score=0.9, box=rw.Box(x=50, y=50, w=30, h=30))
    rw.write_infer_result({name: [box] for name in names})
monitor.write_monitor_logger(percent=1.0)
