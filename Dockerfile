# syntax=docker/dockerfile:1
# docker build --tag forensics .
# docker run --volume archive:/data --env AWS_REGION --env-file aws.env forensics watch --stack shop
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
# pip stays behind in the build stage: the image has nothing to install with.
RUN python -m venv --without-pip /opt/forensics \
 && python -m venv /opt/build
COPY requirements/run.txt requirements/build.txt requirements/
# Every dependency is pinned by its hash, the build backend too; nothing else may come in.
RUN /opt/build/bin/pip --python /opt/forensics/bin/python install \
      --require-hashes --only-binary :all: --requirement requirements/run.txt \
 && /opt/build/bin/pip install --require-hashes --only-binary :all: --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY forensics/ forensics/
# Compiled without times in it: whoever runs the image cannot write there, and copying may change a time.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
 && /opt/build/bin/pip --python /opt/forensics/bin/python install --no-deps --no-compile /wheel/*.whl \
 && /opt/forensics/bin/python -m compileall -q -f --invalidation-mode unchecked-hash /opt/forensics/lib

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="forensics" \
      org.opencontainers.image.description="A flight recorder for AWS deployments" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/forensics /opt/forensics
# The archive's directory must belong to whoever writes it, also when it is an empty named volume.
RUN useradd --uid 10001 --user-group --home-dir /home/forensics --create-home \
      --shell /usr/sbin/nologin forensics \
 && install --directory --owner forensics --group forensics --mode 0700 /data
ENV PATH=/opt/forensics/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    FORENSICS_ARCHIVE=/data
# By number: an orchestrator can tell that it is not root.
USER 10001:10001
WORKDIR /home/forensics
VOLUME /data
# SIGTERM ends the recording in order, within 25 seconds: give `docker stop --time 30`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=2 \
  CMD forensics status --quiet "$FORENSICS_ARCHIVE"
ENTRYPOINT ["forensics"]
CMD ["watch"]
