/* One HTTP request and its answer. See exchange.h. */
#include "helpers/fetch/exchange.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "helpers/fetch/certs.h"
#include "oci/image.h"

#define CONNECT_TIMEOUT_S 15L
#define STALLED_S         30L  /* no byte of a blob for so long: the connection is dead */
#define SILENT_S          15L  /* no byte of a document: nobody is there */
#define DOCUMENT_S        120L /* no document takes longer, however it trickles in */
#define REDIRECTS_MAX     10L
#define HEAD_MAX          (256 * KIB)
#define BODY_MAX          (64 * KIB)
#define RECEIVE_BUFFER    (256L * 1024)
#define WATCH_MS          200

bool exchange_succeeded(const struct exchange *x)
{
	return x->status >= 200 && x->status < 300;
}

/* ---- the answer's head ---- */

/* The value of a header line, without blanks around it, if it is the named one. */
static char *value_of(struct exchange *x, const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);

	if (n <= len || strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	n -= len + 1;
	while (n > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' '))
		n--;
	return arena_strndup(x->arena, line, n);
}

static void forget_head(struct exchange *x)
{
	x->media_type = x->digest = x->location = NULL;
	x->challenge = (struct challenge){ 0 };
	x->skip = x->offset;
	x->head = 0;
}

static void take_challenge(struct exchange *x, const char *value)
{
	struct challenge c;

	challenge_parse(x->arena, value, &c);
	if (c.scheme > x->challenge.scheme)
		x->challenge = c;
}

/* "bytes 100-199/200": the server obeys when it begins where we asked it to. */
static void take_range(struct exchange *x, const char *value)
{
	const char *from = str_after(value, "bytes ");
	long long start = from ? strtoll(from, NULL, 10) : -1;

	if (start == x->offset)
		x->skip = 0;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t n = size * count;
	char *v;

	x->head += n;
	if (x->head > HEAD_MAX) {
		(void)err_set(x->err, ERR_DATA_LOSS, "the registry's headers do not end");
		return 0;
	}
	if (n > 5 && strncasecmp(line, "HTTP/", 5) == 0)
		forget_head(x); /* the answer before was a redirect */
	else if ((v = value_of(x, line, n, "Content-Type")) != NULL)
		x->media_type = arena_strndup(x->arena, v, strcspn(v, "; "));
	else if ((v = value_of(x, line, n, "Docker-Content-Digest")) != NULL)
		x->digest = v;
	else if ((v = value_of(x, line, n, "Location")) != NULL)
		x->location = v;
	else if ((v = value_of(x, line, n, "WWW-Authenticate")) != NULL)
		take_challenge(x, v);
	else if ((v = value_of(x, line, n, "Content-Range")) != NULL)
		take_range(x, v);
	return n;
}

/* ---- its body ---- */

/* Nobody reads more than the beginning of an error page, or of one that never ends. */
static size_t keep(struct exchange *x, const char *p, size_t n)
{
	size_t room = BODY_MAX - x->body.len;

	buf_add(&x->body, p, MIN(n, room));
	x->overfull = n > room;
	return x->overfull ? 0 : n;
}

static size_t deliver(struct exchange *x, const char *p, size_t n)
{
	if (x->done + (int64_t)n > x->limit) {
		(void)err_set(x->err, ERR_DATA_LOSS, "the registry sends more than %lld bytes",
		              (long long)(x->offset + x->limit));
		return 0;
	}
	if (fd_write_all(x->out, p, n, x->err) < 0) {
		if (x->err->errnum == EPIPE)
			(void)err_set(x->err, ERR_CANCELED, "canceled");
		return 0;
	}
	x->done += (int64_t)n;
	return n;
}

static size_t on_body(char *p, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t n = size * count, skipped;

	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &x->status);
	if (!exchange_succeeded(x) || x->out < 0)
		return keep(x, p, n);
	skipped = MIN((int64_t)n, x->skip);
	x->skip -= (int64_t)skipped;
	if (skipped == n)
		return n;
	return deliver(x, p + skipped, n - skipped) == n - skipped ? n : 0;
}

/* Does the engine still wait for us? libcurl asks at least once a second. */
static int on_progress(void *arg, unused_arg curl_off_t a, unused_arg curl_off_t b,
                       unused_arg curl_off_t c, unused_arg curl_off_t d)
{
	struct exchange *x = arg;
	int64_t now = clock_mono_ms();

	if (now - x->watched < WATCH_MS)
		return 0;
	x->watched = now;
	return exchange_wait(x, 0, x->err) < 0;
}

int exchange_wait(const struct exchange *x, int ms, struct err *e)
{
	struct pollfd p[] = { { .fd = x->session }, { .fd = x->out } };

	if (poll(p, ARRAY_LEN(p), ms) > 0)
		return err_set(e, ERR_CANCELED, "canceled");
	return 0;
}

/* ---- the request ---- */

static struct curl_slist *make_headers(const struct exchange *x)
{
	static const char *const accept[] = { MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST,
		                              MEDIA_DOCKER_LIST, MEDIA_DOCKER_MANIFEST };
	struct curl_slist *list = NULL;

	for (size_t i = 0; x->manifest && i < ARRAY_LEN(accept); i++)
		list = curl_slist_append(list, arena_printf(x->arena, "Accept: %s", accept[i]));
	if (x->authorization)
		list = curl_slist_append(
		        list, arena_printf(x->arena, "Authorization: %s", x->authorization));
	if (x->content_type)
		list = curl_slist_append(
		        list, arena_printf(x->arena, "Content-Type: %s", x->content_type));
	return list;
}

static size_t on_send(char *p, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	ssize_t n;

	do
		n = read(x->in, p, size * count);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (size_t)n;
	(void)err_errno(x->err, errno, "read what is sent");
	return CURL_READFUNC_ABORT;
}

static void set_method(struct exchange *x)
{
	if (x->form)
		curl_easy_setopt(x->curl, CURLOPT_POSTFIELDS, x->form);
	else if (str_eq(x->method, "HEAD"))
		curl_easy_setopt(x->curl, CURLOPT_NOBODY, 1L);
	else if (str_eq(x->method, "PUT")) {
		(void)!lseek(x->in, 0, SEEK_SET); /* a file is sent whole each time; a pipe once */
		curl_easy_setopt(x->curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(x->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->in_size);
		curl_easy_setopt(x->curl, CURLOPT_READFUNCTION, on_send);
		curl_easy_setopt(x->curl, CURLOPT_READDATA, x);
		curl_easy_setopt(x->curl, CURLOPT_UPLOAD_BUFFERSIZE, RECEIVE_BUFFER);
	}
}

/* As Go's clients: a registry on this machine is never reached through a proxy. */
static bool is_local(const char *url)
{
	static const char *const local[] = { "//127.", "//localhost", "//[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(local); i++)
		if (strstr(url, local[i]))
			return true;
	return false;
}

static void set_security(const struct exchange *x)
{
	bool insecure = x->endpoint && x->endpoint->insecure;
	const char *protocols = !insecure && str_starts(x->url, "https:") ? "https" : "http,https";

	curl_easy_setopt(x->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(x->curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	curl_easy_setopt(x->curl, CURLOPT_SSL_VERIFYPEER, insecure ? 0L : 1L);
	curl_easy_setopt(x->curl, CURLOPT_SSL_VERIFYHOST, insecure ? 0L : 2L);
	if (x->endpoint && !x->endpoint->mirror)
		certs_apply(x->curl, x->setup->certs);
	if (is_local(x->url))
		curl_easy_setopt(x->curl, CURLOPT_PROXY, "");
}

static void set_request(struct exchange *x, struct curl_slist *headers, char *text)
{
	CURL *c = x->curl;
	bool document = x->manifest || (x->out < 0 && x->in_size == 0);

	curl_easy_reset(c); /* keeps its connections */
	curl_easy_setopt(c, CURLOPT_URL, x->url);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, document ? SILENT_S : STALLED_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, document ? DOCUMENT_S : 0L);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
	curl_easy_setopt(c, CURLOPT_USERAGENT,
	                 x->setup->user_agent ? x->setup->user_agent : "lighter");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
	set_method(x);
	if (x->userpwd)
		curl_easy_setopt(c, CURLOPT_USERPWD, x->userpwd);
	if (x->offset > 0)
		curl_easy_setopt(c, CURLOPT_RANGE,
		                 arena_printf(x->arena, "%lld-", (long long)x->offset));
	set_security(x);
}

/* What goes wrong on the way may go well the next time; what is wrong with our request will not. */
static const CURLcode hopeless[] = {
	CURLE_UNSUPPORTED_PROTOCOL,     CURLE_URL_MALFORMAT,   CURLE_TOO_MANY_REDIRECTS,
	CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
};

static int transport_failed(const struct exchange *x, CURLcode code, const char *text,
                            struct err *e)
{
	const char *verb = x->form || str_eq(x->method, "POST") ? "Post"
	                   : str_eq(x->method, "HEAD")          ? "Head"
	                   : str_eq(x->method, "PUT")           ? "Put"
	                                                        : "Get";
	enum err_kind kind = ERR_UNAVAILABLE;
	long errnum = 0;

	if (e->kind != ERR_NONE)
		return -1; /* a callback said why */
	for (size_t i = 0; i < ARRAY_LEN(hopeless); i++)
		if (code == hopeless[i])
			kind = ERR_UNKNOWN;
	curl_easy_getinfo(x->curl, CURLINFO_OS_ERRNO, &errnum);
	if (code == CURLE_COULDNT_CONNECT && errnum > 0) {
		(void)err_errno(e, (int)errnum, "%s \"%s\": connect", verb, x->url);
		return err_kind_set(e, kind);
	}
	return err_set(e, kind, "%s \"%s\": %s", verb, x->url,
	               *text ? text : curl_easy_strerror(code));
}

/* What the answer says of itself. */
static void take_facts(struct exchange *x, CURLcode code)
{
	curl_off_t length = -1, seconds = 0;

	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &x->status);
	curl_easy_getinfo(x->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &seconds);
	x->ended = code == CURLE_OK && length >= 0;
	x->retry_after = seconds;
}

int exchange_run(struct exchange *x, struct err *e)
{
	struct curl_slist *headers = make_headers(x);
	char text[CURL_ERROR_SIZE] = "";
	CURLcode code;

	err_clear(e);
	x->err = e;
	x->status = 0;
	x->done = 0;
	x->overfull = false;
	buf_reset(&x->body);
	forget_head(x);
	set_request(x, headers, text);
	code = curl_easy_perform(x->curl);
	take_facts(x, code);
	curl_slist_free_all(headers);
	return code == CURLE_OK || x->overfull ? 0 : transport_failed(x, code, text, e);
}
