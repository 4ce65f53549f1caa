/* What the files of the name server share: one sandbox's resolver, its clients, its questions. */
#ifndef PROXY_RESOLVER_H
#define PROXY_RESOLVER_H

#include <netinet/in.h>
#include "libnetwork/dns/names.h"
#include "proxy/dns.h"

struct client; /* a TCP connection */
struct ask;

struct resolver {
	struct loop *loop;
	const struct names *names; /* borrowed */
	int home;                  /* our own network namespace; borrowed */
	char *id;
	struct arena arena; /* of info */
	struct name_resolver info;
	int netns, udp, tcp;
	struct loop_source *udp_source, *tcp_source;
	struct client *clients;
	unsigned nclients;
	struct ask *asks;
	unsigned nasks;
};

/* ---- resolver.c ---- */

struct resolver *resolver_open(struct loop *l, const struct names *names, int home, const char *id,
                               const struct name_resolver *info, struct err *e) must_check;
void resolver_free(struct resolver *r);
void resolver_update(struct resolver *r, const struct name_resolver *info);

/* Who has asked what. */
struct question {
	struct resolver *resolver;
	struct client *client;   /* or NULL: */
	struct sockaddr_in from; /* of a datagram */
	struct dns_query q;
	struct buf message; /* owned */
};

/* Takes the question off its asker: answers, or has it answered. */
void resolver_question(struct question *q);
void resolver_answer(const struct question *q, struct slice answer);
void resolver_fail(const struct question *q, enum dns_rcode rcode);

/* ---- client.c: questions over TCP ---- */

void client_accept(struct resolver *r);
void client_answer(struct client *c, struct slice answer);
void clients_close(struct resolver *r);

/* ---- ask.c: questions that are asked outside ---- */

/* Takes the question and answers it later. */
void ask_outside(const struct question *q);
/* Forgets those of a client, or (NULL) all. */
void ask_forget(struct resolver *r, const struct client *c);

/* ---- sandbox.c: sockets in other network namespaces ---- */

/* Sockets that listen on 127.0.0.11, and the rules that lead port 53 to them. */
int sandbox_listen(int home, int netns, int *udp, int *tcp, struct err *e) must_check;
/* A socket in that namespace (-1: in ours). Non-blocking. */
int sandbox_socket(int home, int netns, int type, struct err *e) must_check;

#endif
