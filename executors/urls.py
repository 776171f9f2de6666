"""Pages of jobs, executor images and compute."""

from django.urls import path

from executors.views import compute, jobs

app_name = "executors"
urlpatterns = [
    path("projects/<int:project_pk>/jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/", jobs.detail, name="job"),
    path("jobs/<int:pk>/status/", jobs.status, name="job_status"),
    path("jobs/<int:pk>/log/", jobs.log, name="job_log"),
    path("jobs/<int:pk>/log/download/", jobs.log_download, name="job_log_download"),
    path("jobs/<int:pk>/cancel/", jobs.cancel, name="job_cancel"),
    path("jobs/<int:pk>/retry/", jobs.retry, name="job_retry"),
    path("compute/", compute.overview, name="compute"),
]
