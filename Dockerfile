# The site: web server, workers and scheduler run from this one image (compose.yaml says which command each runs).
ARG BASE_IMAGE=python:3.11-slim
FROM ${BASE_IMAGE}

# Where packages come from may be replaced, as pip's own variables: docker build --build-arg PIP_INDEX_URL=…
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ARG PIP_NO_INDEX
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    YMIR_STATE_DIR=/var/lib/ymir/state \
    YMIR_STATIC_ROOT=/srv/ymir/static

RUN useradd --uid 1000 --create-home --home-dir /var/lib/ymir ymir \
    && mkdir -p /srv/ymir/static /var/lib/ymir/state \
    && chown -R ymir:ymir /srv/ymir /var/lib/ymir
WORKDIR /srv/ymir/site

COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY . .
RUN python tools/compile_messages.py \
    && YMIR_SECRET_KEY=unused python manage.py collectstatic --noinput --verbosity 0

USER ymir
EXPOSE 12001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "tools/healthcheck.py"]
CMD ["gunicorn", "ymir_site.wsgi:application", "--bind", "0.0.0.0:12001", "--workers", "2", "--threads", "8", \
     "--timeout", "120", "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", "--no-control-socket"]
