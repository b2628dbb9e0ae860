# Sourced by test.sh and test-long.sh: runs tap over "$@" and reports. JOBS: files at once; LIMIT: seconds per file.
mkdir -p .tmp
: "${JOBS:=2}" "${LIMIT:=300}"
# tap's own exit code is in its TAP (failures, crashes, time-outs); the report turns that into ours.
node_modules/.bin/tap run --reporter=tap --jobs="$JOBS" --timeout="$LIMIT" --disable-coverage --allow-empty-coverage "$@" |
  node scripts/report.mjs .tmp/report.tap
