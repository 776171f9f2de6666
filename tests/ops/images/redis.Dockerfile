# Stands in for valkey/valkey:8 where no registry can be reached: words that begin with a dash go to the server.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server >/dev/null && rm -rf /var/lib/apt/lists/*
RUN install -d -o redis -g redis /data
WORKDIR /data
USER redis
EXPOSE 6379
ENTRYPOINT ["redis-server", "--protected-mode", "no"]
