# The firewall is nf_tables by netlink, on a kernel that has the modules.
docker run -d --name web -p 8080:80 busybox sh -c 'echo page > /index.html; exec httpd -f -p 80 -h /'
for i in $(seq 50); do [ "$(wget -qO- http://127.0.0.1:8080/)" = page ] && break; sleep 0.1; done
[ "$(wget -qO- http://127.0.0.1:8080/)" = page ]
docker network create mine
docker run -d --name other --network mine busybox sleep 1000
docker network connect mine web
[ "$(docker exec other wget -qO- http://web/)" = page ]		# a name, by the engine's DNS
docker rm -f web other
docker network rm mine
