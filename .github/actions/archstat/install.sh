#!/usr/bin/env bash
# Installs archstat, of the same revision as this action, into a folder of its own. No torch.
set -euo pipefail
python3 -m venv "$RUNNER_TEMP/archstat"
"$RUNNER_TEMP/archstat/bin/python" -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH/../../.."
