# The API for localstack-compose.yml. Deployed, it is Lambdas and no container.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /venv
COPY requirements/image.lock ./
RUN /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --require-hashes --requirement image.lock && /venv/bin/python -m pip check

FROM python:3.13-slim-bookworm
WORKDIR /app
RUN useradd --system --no-create-home --uid 10001 catalog
COPY --from=build /venv /venv
COPY app.py ./
COPY chalicelib/ chalicelib/
COPY dev/ dev/
COPY infra/ infra/
RUN python -m compileall -q app.py chalicelib dev
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 API_HOST=0.0.0.0
USER catalog
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
CMD ["python", "-m", "dev.server"]
