# heimdall-sync as an image. When it runs, nothing is fetched or compiled, and nothing is written outside the
# working directory.
#
#   docker build -t heimdall-sync .
#   docker run --rm --read-only --cap-drop ALL --network none --tmpfs /work heimdall-sync demo
#
# The base stands here only, where Dependabot looks for it. A release pins it by digest.
FROM docker.io/library/python:3.13-slim AS base


FROM base AS build

# Two environments: one with the tools, which ends here, and one that never has any, which is copied below.
RUN python3 -m venv /opt/tools && python3 -m venv --without-pip /opt/venv
WORKDIR /build
COPY requirements/build.txt requirements/sandbox.txt requirements/
# The sandbox is what makes `demo` work. It adds 8 MB to the 41 MB of the rest: the layer of /opt/venv in
# `docker history`, built with sandbox.txt and with runtime.txt.
RUN /opt/tools/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && /opt/tools/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
        --require-hashes -r requirements/sandbox.txt
COPY pyproject.toml README.md LICENSE ./
COPY sync/ sync/
# Bytecode that is not held against its source: where the file system is read-only, stale would stay stale.
RUN /opt/tools/bin/hatchling build --target wheel --directory dist \
    && /opt/tools/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
        --no-index --no-deps dist/*.whl \
    && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib


FROM base AS runtime

COPY --from=build /opt/venv /opt/venv
ENTRYPOINT ["/opt/venv/bin/heimdall-sync"]
# a dry run: who wants more says so
CMD ["plan"]
ARG BASE_NAME=""
ARG VERSION=unreleased
ARG REVISION=""
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=https://github.com/THE_OWNER/heimdall-sync
# what a plan says of the program that made it
RUN printf '%s\n' "${REVISION}" > /opt/venv/revision
LABEL org.opencontainers.image.title="heimdall-sync" \
      org.opencontainers.image.description="Make one Heimdall environment exactly equal to another" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE_NAME}"


FROM runtime AS action

# What a released action.yml refers to. A runner mounts the workspace and the files for outputs and summary from
# an owner that differs from runner to runner, and its contract is that an action's container is root.
# hadolint ignore=DL3002
USER 0


FROM runtime AS plain

# The last stage, so the default one: for `docker run`, and for `image: Dockerfile` in the action.yml of a checkout,
# where a runner builds it and can't name another. 1001 is the user of GitHub's hosted runners.
# Reports and checkpoint go to the working directory. Mount a folder there to keep them, one that the user may
# write to; `--user "$(id -u):$(id -g)"` makes them yours.
RUN install --directory --owner 1001 --group 1001 /work
WORKDIR /work
USER 1001:1001
