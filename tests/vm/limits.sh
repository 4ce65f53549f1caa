# Limits are files of cgroup v2; update changes them; nothing is left afterwards.
group() { echo "/sys/fs/cgroup/docker/$(docker inspect -f '{{.Id}}' box)/$1"; }
is() { [ "$(cat "$(group "$1")")" = "$2" ] || { echo "$1: $(cat "$(group "$1")"), not $2"; exit 1; }; }
docker run -d --name box --network none --memory 64m --memory-swap 96m --memory-reservation 32m \
	--pids-limit 20 --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 busybox sleep 1000
is memory.max $((64 << 20))
is memory.low $((32 << 20))
is memory.swap.max $((32 << 20))
is pids.max 20
is cpu.max "50000 100000"
is cpuset.cpus 0
docker update --memory 80m --memory-swap 80m --pids-limit -1 box
is memory.max $((80 << 20))
is memory.swap.max 0
is pids.max max
[ "$(docker exec box cat /proc/self/cgroup)" = "0::/" ]		# a cgroup namespace of its own
docker exec box cat /sys/fs/cgroup/memory.max
docker rm -f box
[ -z "$(ls -d /sys/fs/cgroup/docker/*/ 2>/dev/null)" ]
