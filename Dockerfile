# The dashboard on the shipped runs, on the CPU: docker build -t fer-workbench . && docker run --rm -p 127.0.0.1:8501:8501 fer-workbench
# See docs/deployment.md; compose.yaml adds HTTPS and TURN, which a webcam on another machine needs.
FROM python:3.12-slim-bookworm AS build

WORKDIR /workbench
RUN python -m venv /venv
ENV PATH="/venv/bin:$PATH" PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Torch for the CPU alone: PyPI's build brings 3 GB of CUDA.
RUN pip install 'torch>=2.13,<3' 'torchvision>=0.28,<1' --index-url https://download.pytorch.org/whl/cpu
COPY pyproject.toml README.md LICENSE ./
COPY fercore fercore
# hadolint ignore=DL3013
RUN pip install ".[dashboard,export,sign-in]"

FROM python:3.12-slim-bookworm

RUN useradd --create-home --uid 10001 workbench
COPY --from=build /venv /venv
WORKDIR /workbench
COPY dashboard dashboard
COPY scripts scripts
# Owned by root and read-only for the user who serves: no visitor changes a run.
COPY runs runs
ENV PATH="/venv/bin:$PATH" PYTHONUNBUFFERED=1 FERCORE_JOBS=/tmp/jobs HF_HUB_OFFLINE=1
USER 10001
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# Inside the container every address is its own; which of the host's may reach it is said by -p or by compose.yaml.
ENTRYPOINT ["streamlit", "run", "dashboard/Home.py", "--server.address", "0.0.0.0", "--server.headless", "true", "--"]
CMD ["--demo"]
