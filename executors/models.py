"""Registered executor images, jobs and their attempts, and the GPUs that jobs lease."""

from typing import Self

from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext_lazy as _

from common.models import Authored, Hideable
from common.wording import WordingField
from projects.models import ObjectType, Project


class ExecutorImageQuerySet(models.QuerySet["ExecutorImage"]):
    def usable(self) -> Self:
        """Keep the images that new jobs may use."""
        return self.filter(state=ExecutorImage.State.READY, enabled=True, hidden_at=None)

    def for_task(self, task: "TaskTemplate.Task", object_type: int = ObjectType.DETECTION) -> Self:
        """Keep the images that have a template for this task and object type."""
        return self.filter(templates__task=task, templates__object_type=object_type).distinct()


class ExecutorImage(Authored, Hideable):
    """A program that trains, mines or infers by the executor contract."""

    class Runner(models.TextChoices):
        DOCKER = "docker", _("Docker container")
        PROCESS = "process", _("process on the host (shipped executors only)")

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    reference = models.CharField(
        _("reference"), max_length=255, help_text=_("As for docker pull, e.g. ymir/detector:1")
    )
    runner = models.CharField(_("runs as"), max_length=10, choices=Runner.choices, default=Runner.DOCKER)
    name = models.CharField(_("name"), max_length=80)
    description = models.TextField(_("description"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    network_allowed = models.BooleanField(_("network allowed"), default=False)
    root_allowed = models.BooleanField(
        _("runs as root"),
        default=False,
        help_text=_("For images that change files which only root may change. Inside the container, with few rights"),
    )
    digest = models.CharField(_("digest"), max_length=100, blank=True, editable=False)
    manifest = models.JSONField(_("manifest"), default=dict, blank=True, editable=False)
    error = WordingField(_("error"), blank=True, editable=False)

    objects = ExecutorImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("executor image")
        verbose_name_plural = _("executor images")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "runner"],
                name="executor_image_reference",
                violation_error_message=_("This image is registered already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class TaskTemplate(models.Model):
    """The hyper-parameters that an image offers for one task, as its author wrote them."""

    class Task(models.TextChoices):
        TRAINING = "training", _("training")
        MINING = "mining", _("mining")
        INFER = "infer", _("inference")

    image = models.ForeignKey(ExecutorImage, on_delete=models.CASCADE, related_name="templates")
    object_type = models.PositiveSmallIntegerField(_("object type"), choices=ObjectType.choices)
    task = models.CharField(_("task"), max_length=10, choices=Task.choices)
    source = models.TextField(_("template"), help_text=_("YAML; comments become help texts"))

    class Meta:
        verbose_name = _("task template")
        verbose_name_plural = _("task templates")
        ordering = ["image", "object_type", "task"]
        constraints = [
            models.UniqueConstraint(fields=["image", "object_type", "task"], name="task_template_once"),
        ]

    def __str__(self) -> str:
        return f"{self.image} · {self.get_task_display()}"


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Keep the jobs of the person's projects outside the trash, and of no project for superusers."""
        if user.is_superuser:
            return self.filter(models.Q(project=None) | models.Q(project__hidden_at=None))
        return self.filter(project__memberships__user_id=user.pk, project__hidden_at=None)

    def unfinished(self) -> Self:
        return self.filter(state__in=Job.ACTIVE)


class Job(Authored):
    """One tracked run of background work. Changed only by conditional updates in executors.services.jobs."""

    class State(models.TextChoices):
        PENDING = "pending", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELED = "canceled", _("stopped")

    class Phase(models.TextChoices):
        QUEUE = "queue", _("Queue")
        PREPARE = "prepare", _("Prepare")
        EXECUTE = "execute", _("Run")
        COLLECT = "collect", _("Collect")
        DONE = "done", _("Done")

    class Cancel(models.TextChoices):
        NONE = "", _("no")
        KEEP = "keep", _("stop and keep what is there")
        DISCARD = "discard", _("stop and discard")

    ACTIVE = {State.PENDING, State.RUNNING}
    FINAL = {State.SUCCEEDED, State.FAILED, State.CANCELED}

    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(_("kind"), max_length=40)
    title = WordingField(_("title"))
    params = models.JSONField(_("parameters"), default=dict)
    image = models.ForeignKey(ExecutorImage, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs")
    gpu_count = models.PositiveSmallIntegerField(_("GPUs"), default=0)
    dedupe_key = models.CharField(max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    phase = models.CharField(_("phase"), max_length=10, choices=Phase.choices, default=Phase.QUEUE)
    phase_times = models.JSONField(default=dict)  # phase -> ISO time it began; for the progress bar
    progress = models.FloatField(_("progress"), default=0.0)  # 0..1 within the phase
    note = WordingField(_("note"), blank=True)  # e.g. why it waits, or what it does just now
    cancel = models.CharField(_("stop requested"), max_length=10, choices=Cancel.choices, blank=True, default="")
    claim = models.UUIDField(null=True, editable=False)  # fence: only the holder of the latest claim may write
    worker = models.CharField(max_length=120, blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    error_id = models.CharField(_("error"), max_length=60, blank=True)
    error_message = WordingField(blank=True)
    error_hint = WordingField(blank=True)
    result = models.JSONField(_("result"), default=dict)  # {"type", "id", ...}: what it made
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    heartbeat_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=models.Q(state__in=["pending", "running"]) & ~models.Q(dedupe_key=""),
                name="job_one_active_for_key",
                violation_error_message=_("This is under way already."),
            )
        ]
        indexes = [
            # the queue and the reaper's loop
            models.Index(fields=["state", "created_at"], name="job_state_created"),
            # the jobs page of a project
            models.Index(fields=["project", "-created_at"], name="job_project_created"),
            # the exports of a dataset version
            models.Index("kind", KeyTransform("version", "params"), name="job_kind_version"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} · {self.title}"

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def was_kept(self) -> bool:
        """Whether people stopped the job and something of it was kept."""
        return self.state == self.State.CANCELED and bool(self.result)


class JobAttempt(models.Model):
    """One try at running a job: kept so that nobody needs to guess what happened before."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("attempt"))
    worker = models.CharField(max_length=120)
    adopted = models.BooleanField(default=False)  # took over a container that a dead worker had started
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict)  # exit code, OOM, … as the runner saw them

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="job_attempt_number")]

    def __str__(self) -> str:
        return f"{self.job_id}#{self.number}"


class Gpu(models.Model):
    """A GPU of a host; leased to a running job or free."""

    host = models.CharField(_("host"), max_length=120)
    index = models.PositiveSmallIntegerField(_("index"))
    name = models.CharField(_("name"), max_length=120, blank=True)
    memory_mb = models.PositiveIntegerField(_("memory (MB)"), default=0)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="gpus")
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("GPU")
        verbose_name_plural = _("GPUs")
        ordering = ["host", "index"]
        constraints = [models.UniqueConstraint(fields=["host", "index"], name="gpu_host_index")]

    def __str__(self) -> str:
        return f"{self.host}:{self.index}"
