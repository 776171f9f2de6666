# Stands in for postgres:16 where no registry can be reached: the same environment variables, data folder and port.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql >/dev/null && rm -rf /var/lib/apt/lists/*
ENV PGDATA=/var/lib/postgresql/data/pgdata
RUN ln -s /usr/lib/postgresql/*/bin /usr/lib/postgresql/bin && install -d -o postgres -g postgres /var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY postgres.sh /usr/local/bin/
USER postgres
EXPOSE 5432
CMD ["bash", "/usr/local/bin/postgres.sh"]
