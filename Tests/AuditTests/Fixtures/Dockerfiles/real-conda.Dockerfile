FROM continuumio/miniconda3:24.1.2-0
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
COPY environment.yml /tmp/environment.yml
RUN conda env create -f /tmp/environment.yml && conda clean -afy
RUN source activate env && python -m pip install --no-deps --no-cache-dir ./pkg | tee /log
