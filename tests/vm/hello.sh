docker run --rm --network none hello-world
docker run --rm hello-world | grep Lighter
