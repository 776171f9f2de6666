"""The addresses of the API; each app brings its endpoints."""

from rest_framework.routers import SimpleRouter

from datasets.api import DatasetVersionViewSet, DatasetViewSet
from executors.api import ImageViewSet, JobViewSet
from models.api import EvaluationViewSet, ModelVersionViewSet, PredictionViewSet
from projects.api import ProjectViewSet

router = SimpleRouter()
router.register("projects", ProjectViewSet, basename="api-project")
router.register("datasets", DatasetViewSet, basename="api-dataset")
router.register("dataset-versions", DatasetVersionViewSet, basename="api-dataset-version")
router.register("jobs", JobViewSet, basename="api-job")
router.register("executor-images", ImageViewSet, basename="api-image")
router.register("model-versions", ModelVersionViewSet, basename="api-model-version")
router.register("predictions", PredictionViewSet, basename="api-prediction")
router.register("evaluations", EvaluationViewSet, basename="api-evaluation")
urlpatterns = router.urls
