# Freezing, stats, events of memory, devices: what cgroup v2 does in its own way.
docker run -d --name box --network none --memory 32m busybox sleep 1000
docker pause box
[ "$(docker inspect -f '{{.State.Status}}' box)" = paused ]
grep -q "frozen 1" /sys/fs/cgroup/docker/*/cgroup.events
docker unpause box
docker exec box true
docker top box
docker exec box sh -c 'exit 7' && exit 1 || [ $? = 7 ]
docker kill box
[ "$(docker wait box)" = 137 ]
docker rm box
