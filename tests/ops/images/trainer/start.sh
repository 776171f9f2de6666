# Reports progress, counts the training images it was given, writes one stage with one weights file.
set -eu
task="$(sed -n 's/^task_id: //p' /in/env.yaml)"
report() { printf '%s\t%s.0\t%s\t2\n' "$task" "$(date +%s)" "$1" >/out/monitor.txt; }
report 0.10
count="$(wc -l </in/train-index.tsv)"
while read -r image annotation; do test -s "$image" && test -e "$annotation"; done </in/train-index.tsv
mkdir -p /out/models/epoch1
echo "weights of $count images" >/out/models/epoch1/epoch1.pt
cat >/out/models/result.yaml <<RESULT
best_stage_name: epoch1
mAP: 0.5
model_stages:
  epoch1: {stage_name: epoch1, files: [epoch1.pt], timestamp: $(date +%s), mAP: 0.5}
RESULT
report 1.00
