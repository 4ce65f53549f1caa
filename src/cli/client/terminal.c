/* See terminal.h. */
#include "cli/client/terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/str.h"

#define DEFAULT_KEYS "ctrl-p,ctrl-q"

int terminal_raw(struct terminal *t, struct err *e)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO))
		return 0;
	if (tcgetattr(STDIN_FILENO, &t->saved) < 0)
		return err_errno(e, errno, "read the terminal's mode");
	raw = t->saved;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return err_errno(e, errno, "set the terminal to raw mode");
	t->raw = true;
	return 0;
}

void terminal_restore(struct terminal *t)
{
	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
	t->raw = false;
}

void terminal_size(unsigned *rows, unsigned *columns)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){ 0 };
	*rows = size.ws_row;
	*columns = size.ws_col;
}

int terminal_check_input(bool attach_stdin, bool tty, struct err *e)
{
	if (attach_stdin && tty && !isatty(STDIN_FILENO))
		return err_set(e, ERR_INVALID, "the input device is not a TTY");
	return 0;
}

/* One key: a character, or ctrl- and one of a-z @ [ \ ] ^ _. Returns -1 for none of these. */
static int parse_key(const char *s, size_t n)
{
	const char *special;

	if (n == 1)
		return (unsigned char)s[0];
	if (n != 6 || strncmp(s, "ctrl-", 5) != 0)
		return -1;
	if (s[5] >= 'a' && s[5] <= 'z')
		return s[5] - 'a' + 1;
	special = strchr("@[\\]^_", s[5]);
	return !special ? -1 : s[5] == '@' ? 0 : s[5] - 'A' + 1;
}

int detach_parse(const char *text, struct detach *out, struct err *e)
{
	const char *p = str_empty(text) ? DEFAULT_KEYS : text;

	*out = (struct detach){ 0 };
	for (;;) {
		size_t n = strcspn(p, ",");
		int key = parse_key(p, n);

		if (key < 0)
			return err_set(e, ERR_INVALID, "Unknown character: '%.*s'", (int)n, p);
		if (out->n == sizeof(out->keys))
			return err_set(e, ERR_INVALID, "too many detach keys: %s", text);
		out->keys[out->n++] = (unsigned char)key;
		if (!p[n])
			return 0;
		p += n + 1;
	}
}

bool detach_filter(struct detach *d, const char *p, size_t n, char *out, size_t *nout)
{
	*nout = 0;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] == d->keys[d->matched]) {
			if (++d->matched == d->n)
				return true;
			continue;
		}
		memcpy(out + *nout, d->keys, d->matched);
		*nout += d->matched;
		d->matched = 0;
		if ((unsigned char)p[i] == d->keys[0] && d->n > 1)
			d->matched = 1;
		else
			out[(*nout)++] = p[i];
	}
	return false;
}
