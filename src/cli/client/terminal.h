/* The terminal: raw mode, its size, the keys that detach from a container. */
#ifndef CLI_CLIENT_TERMINAL_H
#define CLI_CLIENT_TERMINAL_H

#include <stdbool.h>
#include <termios.h>
#include "base/arena.h"
#include "base/err.h"

struct terminal {
	bool raw; /* saved holds what to go back to */
	struct termios saved;
};
#define _cleanup_terminal_ cleanup_with(terminal_restore)

/* Raw mode on stdin. No effect when it is no terminal. */
int terminal_raw(struct terminal *t, struct err *e) must_check;
void terminal_restore(struct terminal *t);

/* Rows and columns of stdout's terminal, or 0 and 0. */
void terminal_size(unsigned *rows, unsigned *columns);

/* A terminal is asked for, but stdin is none. */
int terminal_check_input(bool attach_stdin, bool tty, struct err *e) must_check;

/* Looks for a sequence of keys in what is typed; bytes of a part of it are held back. */
struct detach {
	unsigned char keys[32];
	size_t n, matched;
};

/* "ctrl-p,ctrl-q" and single characters; NULL or "" for these two. */
int detach_parse(const char *text, struct detach *out, struct err *e) must_check;

/* Filters n typed bytes to `out` (room for n + 32); true when the whole sequence was typed. */
bool detach_filter(struct detach *d, const char *p, size_t n, char *out, size_t *nout);

#endif
