# One image for the web server, the ingest worker and the housekeeping worker; the command says which.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt ./
RUN pip install -r requirements.txt

COPY manage.py ./
COPY stats ./stats
COPY wallboard ./wallboard
COPY templates ./templates
COPY static ./static
COPY locale ./locale

RUN useradd --system --uid 10001 --home-dir /app wallboard \
    && mkdir -m 0700 /var/lib/wallboard \
    && chown wallboard /var/lib/wallboard
USER wallboard
ENV VAR_DIR=/var/lib/wallboard ENV_FILE= PORT=8000
VOLUME /var/lib/wallboard
EXPOSE 8000

# Alone, the image is `make run`. compose.yaml starts its parts one by one.
CMD ["python", "manage.py", "up"]
