# The service in an image: docker build -t miqrec .
#   docker run -p 8000:8000 -v "$PWD/model.onnx:/model.onnx:ro" -v events:/data miqrec
# For saved models, which need PyTorch: --build-arg EXTRAS=serving,torch, and -e MIQREC_ARTIFACT=/model

FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-deps --wheel-dir /dist .

FROM python:3.12-slim
ARG EXTRAS=serving-onnx
COPY constraints.txt /tmp/
COPY --from=build /dist /tmp/dist
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
        -c /tmp/constraints.txt "$(ls /tmp/dist/*.whl)[$EXTRAS]" \
    && rm -r /tmp/dist /tmp/constraints.txt \
    && useradd --uid 10001 --no-create-home miqrec \
    && install -d -o miqrec -g miqrec /data
USER miqrec
WORKDIR /data
VOLUME /data
ENV MIQREC_ARTIFACT=/model.onnx MIQREC_HOST=0.0.0.0 MIQREC_STORE=sqlite:////data/events.db \
    ORT_DISABLE_TELEMETRY=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
ENTRYPOINT ["miqrec", "serve"]
