# The image of a pool whose models are in Python and need CUDA. Its context is dist/images/<pool>, as for gpu-job/Dockerfile.
FROM node:24.21.0-slim AS node

# The driver under an L4 is 535, which is for CUDA 12.2 at most.
FROM nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 python3-pip tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=node /usr/local/bin/node /usr/local/bin/node

WORKDIR /slipway
COPY gpu-job/models/fold/requirements.txt .
RUN pip3 install --no-cache-dir --require-hashes --requirement requirements.txt

COPY gpu-job/ gpu-job/

RUN useradd --create-home worker && install --directory --owner=worker --group=worker gpu-job/.code-cache
USER worker
RUN node gpu-job/warm.mjs

ENTRYPOINT ["tini", "--", "node", "gpu-job/main.mjs"]
