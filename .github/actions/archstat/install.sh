#!/usr/bin/env bash
# Installs archstat, of the same revision as this action, into a folder of its own. No torch.
set -euo pipefail
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error::archstat needs Python 3.11 or newer: put actions/setup-python before it"
  exit 1
fi
rm -f "$RUNNER_TEMP"/archstat*.md # of the action's earlier use in this job
python3 -m venv "$RUNNER_TEMP/archstat"
"$RUNNER_TEMP/archstat/bin/python" -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH/../../.."
