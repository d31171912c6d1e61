# One image: `serve` (the default), `work`, `migrate`, `bank publish`, `run`, `demo`... are commands of the same program.
# Two stages, so that pip and its cache stay behind; the lock's hashes decide what is installed.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/palier
WORKDIR /source
COPY requirements.txt ./
RUN /opt/palier/bin/pip install --require-hashes -r requirements.txt
COPY pyproject.toml README.md ./
COPY app ./app
COPY irt ./irt
COPY item_bank ./item_bank
COPY migrations ./migrations
RUN /opt/palier/bin/pip install --no-build-isolation --no-deps --no-index .

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /srv/palier --shell /usr/sbin/nologin palier \
    && install -d -o palier -g palier /srv/palier /srv/palier/var
COPY --from=build /opt/palier /opt/palier
ENV PATH=/opt/palier/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000
USER palier
WORKDIR /srv/palier
# the embedded database and the demonstration's facts; unused with PostgreSQL
VOLUME /srv/palier/var
EXPOSE 8000
# the worker has no handler for SIGTERM, and process 1 ignores what it does not handle
STOPSIGNAL SIGINT
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=2)"]
ENTRYPOINT ["palier"]
CMD ["serve"]
