/* certs.d. See certs.h. */
#include "helpers/fetch/certs.h"

#include <fcntl.h>
#include "base/file.h"
#include "base/limits.h"

struct found {
	struct arena arena;
	const char *folder;
	struct buf authorities;
	const char *cert, *key;
};

static int look(void *arg, int dirfd, const char *name)
{
	struct found *f = arg;
	struct slice text;
	char *key;

	if (str_ends(name, ".crt") &&
	    file_read(&f->arena, dirfd, name, LIMIT_CONFIG_FILE, &text, NULL) == 0) {
		buf_add(&f->authorities, text.data, text.len);
		buf_addc(&f->authorities, '\n');
	}
	if (!str_ends(name, ".cert") || f->cert)
		return 0;
	key = arena_printf(&f->arena, "%s/%.*s.key", f->folder,
	                   (int)(strlen(name) - strlen(".cert")), name);
	if (path_exists(key)) {
		f->cert = arena_printf(&f->arena, "%s/%s", f->folder, name);
		f->key = key;
	}
	return 0;
}

void certs_apply(CURL *curl, const char *folder)
{
	struct found f = { .folder = folder };

	if (folder && path_exists(folder))
		(void)!dir_each(AT_FDCWD, folder, look, &f, NULL);
	if (f.authorities.len > 0) {
		struct curl_blob blob = { f.authorities.data, f.authorities.len, CURL_BLOB_COPY };

		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
		curl_easy_setopt(curl, CURLOPT_CAPATH, "/etc/ssl/certs");
	}
	if (f.cert) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, f.cert);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, f.key);
	}
	buf_free(&f.authorities);
	arena_free(&f.arena);
}
