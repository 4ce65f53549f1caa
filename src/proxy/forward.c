/* Which protocol serves a port. See forward.h. */
#include "proxy/forward.h"
#include "base/mem.h"

#include <stdlib.h>

struct forward {
	struct tcp_forward *tcp;
	struct udp_forward *udp;
};

struct forward *forward_open(struct loop *l, int type, int fd, const struct port_address *to,
                             struct err *e)
{
	struct forward *f = xalloc(sizeof(*f));

	if (type == SOCK_DGRAM)
		f->udp = udp_forward_open(l, fd, to, e);
	else
		f->tcp = tcp_forward_open(l, fd, to, e);
	if (f->tcp || f->udp)
		return f;
	free(f);
	return NULL;
}

void forward_close(struct forward *f)
{
	if (!f)
		return;
	if (f->tcp)
		tcp_forward_close(f->tcp);
	if (f->udp)
		udp_forward_close(f->udp);
	free(f);
}
