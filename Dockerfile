# evo with Ray, for one machine or as the image of a Ray cluster. Build: docker build -t evo .
# Run: docker run --rm -it --shm-size=2g -v "$PWD/runs:/campaigns/runs" evo evo run demo
# It runs as user 1000, whose the folder runs must be. Which walls hold: docker run --rm evo evo doctor
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

RUN pip install --no-cache-dir uv && useradd --create-home --uid 1000 evo
WORKDIR /opt/evo
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY evo evo
COPY archive archive
COPY operators operators
COPY prompts prompts
# The lock has the packages of development too; only those that evo and Ray need are installed.
RUN uv pip install --system --no-cache --constraint requirements.lock '.[ray,view]'

# Never root: the sandbox gives up what is left, and files in /campaigns belong to the caller's user.
USER evo
WORKDIR /campaigns
ENV PYTHONDONTWRITEBYTECODE="" RAY_USAGE_STATS_ENABLED=0
CMD ["evo", "--help"]
