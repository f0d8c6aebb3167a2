# The API's image for localstack-compose.yml. A deployment uses Lambda functions and no container.
FROM python:3.13-slim-bookworm AS build
RUN python -m venv --without-pip /venv
COPY requirements/image.lock ./
RUN pip --python /venv install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
    --requirement image.lock && pip --python /venv check

FROM python:3.13-slim-bookworm
WORKDIR /app
COPY --from=build /venv /venv
COPY app.py ./
COPY chalicelib/ chalicelib/
COPY dev/ dev/
COPY infra/tables/ infra/tables/
RUN python -m compileall -q .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 API_HOST=0.0.0.0
USER 10001:10001
EXPOSE 8080
# Not urllib: it would send the request to a proxy in the environment.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s CMD ["python", "-c", "import http.client, sys; \
    api = http.client.HTTPConnection('127.0.0.1', 8080, timeout=2); api.request('GET', '/health'); \
    sys.exit(api.getresponse().status != 200)"]
CMD ["python", "-m", "dev.server"]
