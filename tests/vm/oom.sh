docker run --name box --network none --memory 16m --memory-swap 16m busybox \
	sh -c 'x=$(head -c 40000000 /dev/zero | tr "\0" x); echo survived' && exit 1 || [ $? = 137 ]
[ "$(docker inspect -f '{{.State.OOMKilled}}' box)" = true ]
docker rm box
