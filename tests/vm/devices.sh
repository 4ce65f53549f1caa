# Device rules are a program in the kernel.
docker run --rm --network none busybox sh -c '
	echo > /dev/null && head -c 4 /dev/urandom > /dev/null
	mknod /tmp/serial c 4 64
	: > /tmp/serial' 2>&1 | grep "not permitted"
docker run --rm --network none --device /dev/ttyS0 busybox sh -c ': > /dev/ttyS0'
docker run --rm --network none --device /dev/ttyS0:/dev/x:r busybox sh -c ': < /dev/x'
docker run --rm --network none --device /dev/ttyS0:/dev/x:r busybox sh -c ': > /dev/x' 2>&1 |
	grep "not permitted"
docker run --rm --network none --device-cgroup-rule "c 4:* rwm" busybox sh -c '
	mknod /tmp/serial c 4 64; : > /tmp/serial'
docker run --rm --network none --privileged busybox sh -c ': > /dev/ttyS0'
