# Freezing, stats, events of memory, devices: what cgroup v2 does in its own way.
docker run -d --name box --network none --memory 32m busybox sleep 1000
docker pause box
[ "$(docker inspect -f '{{.State.Status}}' box)" = paused ]
grep -q "frozen 1" /sys/fs/cgroup/docker/*/cgroup.events
docker unpause box
docker exec box true
docker top box
[ "$(docker stats --no-stream --format '{{.Name}} {{.PIDs}}' box)" = "box 1" ]
docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' box | grep -q "^box 1 .*iB / 32MiB$"
docker exec box sh -c 'exit 7' && exit 1 || [ $? = 7 ]
docker kill box
[ "$(docker wait box)" = 137 ]
docker rm box
docker run -d --name checked --network none --health-cmd true --health-interval 1s busybox sleep 1000
for i in 1 2 3 4 5 6 7 8 9 10; do
	[ "$(docker inspect -f '{{.State.Health.Status}}' checked)" = healthy ] && break
	sleep 1
done
[ "$(docker inspect -f '{{.State.Health.Status}}' checked)" = healthy ]
docker rm -f checked
