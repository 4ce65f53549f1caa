docker volume create data
docker run --rm --network none -v data:/d -v /tmp:/host:ro --tmpfs /t busybox sh -c 'echo kept > /d/file'
[ "$(docker run --rm --network none -v data:/d:ro busybox cat /d/file)" = kept ]
docker run --name box --network none busybox sh -c 'echo new > /new'
docker cp box:/new /tmp/out && [ "$(cat /tmp/out)" = new ]
docker diff box | grep -q '^A /new$'
docker rm box
docker volume rm data
