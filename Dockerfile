# syntax=docker/dockerfile:1
# docker build --tag forensics .
# docker run --volume archive:/data --env AWS_REGION --env-file aws.env forensics watch --stack shop
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
RUN python -m venv /opt/forensics
COPY requirements/ requirements/
# Every dependency is pinned by its hash; nothing else may come in.
RUN /opt/forensics/bin/pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: --requirement requirements/run.txt
# The build backend comes from a lock too; this environment stays behind in the build stage.
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --requirement requirements/dev.txt
COPY pyproject.toml README.md LICENSE ./
COPY forensics/ forensics/
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /opt/forensics/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /wheel/*.whl

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="forensics" \
      org.opencontainers.image.description="A flight recorder for AWS deployments" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/forensics /opt/forensics
# The archive's directory must belong to whoever writes it, also when it is an empty named volume.
RUN useradd --system --uid 10001 --user-group --home-dir /home/forensics --create-home forensics \
 && install --directory --owner forensics --group forensics --mode 0700 /data
ENV PATH=/opt/forensics/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    FORENSICS_ARCHIVE=/data
USER forensics
WORKDIR /home/forensics
VOLUME /data
# SIGTERM ends the recording in order, within 25 seconds: give `docker stop --time 30`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=2 \
  CMD ["forensics", "status", "--quiet", "/data"]
ENTRYPOINT ["forensics"]
CMD ["watch"]
