set -e
task_id="$(grep 'task_id:' /in/config.yaml | sed 's/.*task_id: *//')"
test -w /out/monitor.txt
cp /out/ymir-executor-out.log /darknet/previous.log
echo "start $task_id" >train.log
mkdir -p ~/.cache/darknet
if grep -q 'system_wide: true' /in/config.yaml; then echo "$task_id" >/usr/lib/darknet.conf; fi
printf '%s\t{time.time()}\t0.2\t2\t' "$task_id" >/out/monitor.txt
exec python darknet.py "$task_id"
