/* Reading config.json. See config.h. */
#include "cli/client/config.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/limits.h"

JSON_TYPE(auth_entry, AUTH_ENTRY)
JSON_TYPE(proxy_entry, PROXY_ENTRY)
JSON_TYPE(config, CONFIG_FILE)

int config_load(struct arena *a, const char *dir, struct config *out, struct err *e)
{
	const char *path = path_join(a, dir, "config.json");
	struct slice text;

	*out = (struct config){ 0 };
	if (file_read(a, AT_FDCWD, path, LIMIT_CONFIG_FILE, &text, e) < 0) {
		if (e->errnum != ENOENT && e->errnum != ENOTDIR)
			return -1;
		err_clear(e);
		return 0;
	}
	if (!text.len || json_decode(a, &config_type, text, out, e) == 0)
		return 0;
	return err_wrap(e, "Error parsing config file (%s)", path);
}

const struct proxy_entry *config_proxies(const struct config *c, const char *address)
{
	const struct proxy_entry *found = NULL;

	for (size_t i = 0; i < c->proxies.n; i++)
		if (str_eq(c->proxies.v[i].key, address) ||
		    (!found && str_eq(c->proxies.v[i].key, "default")))
			found = c->proxies.v[i].value;
	return found;
}
