/* state.json. See state.h. */
#include "libcontainer/state.h"

#include "base/file.h"
#include "base/limits.h"

JSON_TYPE(state_namespace, STATE_NAMESPACE)
JSON_TYPE(state_cgroup, STATE_CGROUP)
JSON_TYPE(state_config, STATE_CONFIG)
JSON_TYPE(state_private, STATE_PRIVATE)
JSON_TYPE(state, STATE)

int state_read(struct arena *a, int dirfd, struct state *out, struct err *e)
{
	struct slice text;

	if (file_read(a, dirfd, STATE_FILE, LIMIT_CONFIG_FILE, &text, e) < 0)
		return -1;
	if (json_decode(a, &state_type, text, out, e) < 0)
		return err_wrap(e, STATE_FILE);
	if (!out->config || !out->own)
		return err_set(e, ERR_DATA_LOSS, STATE_FILE " was not written by this runtime");
	return 0;
}

int state_write(int dirfd, const struct state *s, struct err *e)
{
	_cleanup_buf_ struct buf b = { 0 };

	json_encode(&b, &state_type, s);
	return file_replace(dirfd, STATE_FILE, b.data, b.len, 0600, FILE_VOLATILE, e);
}
