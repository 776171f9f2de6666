"""Pages of models, runs, predictions and evaluations."""

from django.urls import path

from models.views import evaluations, lists, predictions, runs, trash, versions

app_name = "models"
urlpatterns = [
    path("projects/<int:project_pk>/models/", lists.model_list, name="list"),
    path("projects/<int:project_pk>/models/jobs/", lists.jobs, name="jobs"),
    path("projects/<int:project_pk>/models/trash/", trash.trash, name="trash"),
    path("projects/<int:project_pk>/train/", runs.train, name="train"),
    path("projects/<int:project_pk>/mine/", runs.mine, name="mine"),
    path("projects/<int:project_pk>/infer/", runs.infer, name="infer"),
    path("projects/<int:project_pk>/analysis/", predictions.prediction_list, name="predictions"),
    path("projects/<int:project_pk>/analysis/jobs/", predictions.jobs, name="prediction_jobs"),
    path("models/<int:pk>/hide/", trash.hide_model, name="model_hide"),
    path("models/<int:pk>/restore/", trash.restore_model, name="model_restore"),
    path("model-versions/<int:pk>/", versions.detail, name="version"),
    path("model-versions/<int:pk>/download/", versions.download, name="download"),
    path("model-versions/<int:pk>/hide/", trash.hide_version, name="version_hide"),
    path("model-versions/<int:pk>/restore/", trash.restore_version, name="version_restore"),
    path("checkpoints/<int:pk>/", versions.checkpoint, name="checkpoint"),
    path("checkpoints/<int:pk>/recommend/", versions.recommend, name="recommend"),
    path("predictions/<int:pk>/", predictions.prediction, name="prediction"),
    path("predictions/<int:pk>/images/<sha256:asset_hash>/", predictions.image, name="prediction_image"),
    path("predictions/<int:pk>/evaluate/", evaluations.evaluate, name="evaluate"),
    path("predictions/<int:pk>/hide/", trash.hide_prediction, name="prediction_hide"),
    path("predictions/<int:pk>/restore/", trash.restore_prediction, name="prediction_restore"),
    path("evaluations/<int:pk>/", evaluations.evaluation, name="evaluation"),
]
