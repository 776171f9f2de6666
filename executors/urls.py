"""Pages of jobs, executor images and compute."""

from django.urls import path

from executors.views import compute, images, jobs

app_name = "executors"
urlpatterns = [
    path("projects/<int:project_pk>/jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/", jobs.detail, name="job"),
    path("jobs/<int:pk>/status/", jobs.status, name="job_status"),
    path("jobs/<int:pk>/log/", jobs.log, name="job_log"),
    path("jobs/<int:pk>/log/download/", jobs.log_download, name="job_log_download"),
    path("jobs/<int:pk>/cancel/", jobs.cancel, name="job_cancel"),
    path("jobs/<int:pk>/retry/", jobs.retry, name="job_retry"),
    path("images/", images.image_list, name="images"),
    path("images/add/", images.add, name="image_add"),
    path("images/<int:pk>/", images.detail, name="image"),
    path("images/<int:pk>/refresh/", images.refresh, name="image_refresh"),
    path("images/<int:pk>/enable/", images.enable, name="image_enable"),
    path("images/<int:pk>/disable/", images.disable, name="image_disable"),
    path("compute/", compute.overview, name="compute"),
]
