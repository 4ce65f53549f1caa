/*
 * Volumes while containers run: which container has which, and the mounts of volumes that are made
 * with the options type, device and o. Such a volume is mounted on its _data when the first
 * container starts that uses it, and unmounted when the last one has ended, as with Docker.
 */
#include "engine/volume/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"

/* ---- options ---- */

int volume_options_check(const struct json_map *options, struct err *e)
{
	static const char *const known[] = { "type", "device", "o" }, *const needed[] = {
		"type", "device"
	};

	for (size_t i = 0; i < options->n; i++) {
		const char *key = options->v[i].key;
		bool found = false;

		for (size_t k = 0; k < ARRAY_LEN(known); k++)
			found |= str_eq(key, known[k]);
		if (str_eq(key, "size"))
			return err_set(e, ERR_INVALID, "quota size requested but no quota support");
		if (!found)
			return err_set(e, ERR_INVALID, "invalid option: \"%s\"", key);
	}
	for (size_t k = 0; options->n > 0 && k < ARRAY_LEN(needed); k++)
		if (!json_map_get(options, needed[k]))
			return err_set(e, ERR_INVALID, "missing required option: \"%s\"",
			               needed[k]);
	return 0;
}

/* Words of mount(8) that are flags of mount(2); all others are for the file system. */
static const struct {
	const char *word;
	unsigned long set, clear;
} flag_words[] = {
	{ "bind", MS_BIND, 0 },
	{ "rbind", MS_BIND | MS_REC, 0 },
	{ "ro", MS_RDONLY, 0 },
	{ "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 },
	{ "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 },
	{ "dev", 0, MS_NODEV },
	{ "noexec", MS_NOEXEC, 0 },
	{ "exec", 0, MS_NOEXEC },
	{ "sync", MS_SYNCHRONOUS, 0 },
	{ "async", 0, MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC, 0 },
	{ "noatime", MS_NOATIME, 0 },
	{ "atime", 0, MS_NOATIME },
	{ "nodiratime", MS_NODIRATIME, 0 },
	{ "diratime", 0, MS_NODIRATIME },
	{ "relatime", MS_RELATIME, 0 },
	{ "norelatime", 0, MS_RELATIME },
	{ "strictatime", MS_STRICTATIME, 0 },
	{ "defaults", 0, 0 },
};

static bool apply_flag(const char *word, unsigned long *flags)
{
	for (size_t i = 0; i < ARRAY_LEN(flag_words); i++) {
		if (!str_eq(word, flag_words[i].word))
			continue;
		*flags = (*flags | flag_words[i].set) & ~flag_words[i].clear;
		return true;
	}
	return false;
}

/* The kernel's NFS wants addresses: "addr=server" is looked up, as Docker does. */
static int resolve(struct arena *a, const char **word, struct err *e)
{
	const char *host = str_after(*word, "addr=");
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr six;
	int code;

	if (!host || inet_pton(AF_INET, host, &six) == 1 || inet_pton(AF_INET6, host, &six) == 1)
		return 0;
	code = getaddrinfo(host, NULL, &hints, &found);
	if (code != 0)
		return err_set(e, ERR_UNAVAILABLE,
		               "error resolving passed in network volume address: %s: %s", host,
		               gai_strerror(code));
	code = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
	                   NI_NUMERICHOST);
	freeaddrinfo(found);
	if (code != 0)
		return err_set(e, ERR_UNAVAILABLE, "%s: %s", host, gai_strerror(code));
	*word = arena_printf(a, "addr=%s", text);
	return 0;
}

static int read_options(struct arena *a, const char *o, bool network, unsigned long *flags,
                        struct buf *data, struct err *e)
{
	*flags = 0;
	while (o && *o) {
		size_t n = strcspn(o, ",");
		const char *word = arena_strndup(a, o, n);

		o += n + (o[n] == ',');
		if (!*word || apply_flag(word, flags))
			continue;
		if (network && resolve(a, &word, e) < 0)
			return -1;
		buf_printf(data, "%s%s", data->len ? "," : "", word);
	}
	return 0;
}

/* A bind takes no flags when it is made: a second call sets them. */
static int do_mount(const char *device, const char *on, const char *type, unsigned long flags,
                    const char *data)
{
	if (mount(device, on, type, flags, data) < 0)
		return -1;
	if (!(flags & MS_BIND) || !(flags & ~(MS_BIND | MS_REC)))
		return 0;
	return mount(NULL, on, NULL, flags | MS_REMOUNT | MS_BIND, NULL);
}

int volume_mount_data(const struct volume_record *r, const char *data, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_buf_ struct buf options = { 0 };
	const char *type = json_map_get(&r->options, "type"),
	           *device = json_map_get(&r->options, "device");
	unsigned long flags;

	if (read_options(&a, json_map_get(&r->options, "o"),
	                 str_starts(type, "nfs") || str_eq(type, "cifs"), &flags, &options, e) < 0)
		return err_wrap(e, "error while mounting volume '%s'", data);
	if (do_mount(device, data, type, flags, buf_cstr(&options)) == 0)
		return 0;
	err_errno(e, errno, "failed to mount local volume: mount %s:%s", device, data);
	volume_unmount_data(data); /* when the second step failed */
	return err_wrap(e, "error while mounting volume '%s'", data);
}

void volume_unmount_data(const char *data)
{
	while (umount2(data, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		log_warn("unmount %s: %s", data, strerror(errno));
}

/* ---- containers that start and end ---- */

/* For the changer. True when it was the first, or the last. */
static bool note(struct volumes *all, struct volume *v, const char *container, bool mounted)
{
	size_t i = 0;
	const char *id;
	void *value;
	bool none;

	pthread_mutex_lock(&all->lock);
	none = !map_next(&v->mounted, &i, &id, &value);
	if (mounted) {
		map_set(&v->mounted, container, v);
	} else {
		map_remove(&v->mounted, container);
		i = 0;
		none = !map_next(&v->mounted, &i, &id, &value);
	}
	pthread_mutex_unlock(&all->lock);
	return none;
}

static void publish(struct engine *g, const struct container_record *r,
                    const struct container_mount *m, const struct volume *v, const char *action)
{
	_cleanup_arena_ struct arena a = { 0 };
	struct json_map more = { 0 };

	json_map_set(&a, &more, "container", r->id);
	if (str_eq(action, "mount")) {
		json_map_set(&a, &more, "destination", m->destination);
		json_map_set(&a, &more, "propagation", m->propagation);
		json_map_set(&a, &more, "read/write", m->rw ? "true" : "false");
	}
	volume_event(g, &v->r, action, &more);
}

static int mount_one(struct engine *g, const struct container_record *r,
                     const struct container_mount *m, struct err *e)
{
	struct volume *v = volume_begin(g->volumes, m->name);
	int result = 0;

	if (!v)
		return err_set(e, ERR_NOT_FOUND, "get %.255s: no such volume", m->name);
	if (note(g->volumes, v, r->id, true) && volume_is_mount(&v->r) &&
	    volume_mount_data(&v->r, m->source, e) < 0) {
		note(g->volumes, v, r->id, false);
		result = -1;
	}
	if (result == 0)
		publish(g, r, m, v, "mount");
	volume_end(g->volumes, v);
	return result;
}

static void unmount_one(struct engine *g, const struct container_record *r,
                        const struct container_mount *m)
{
	struct volume *v = volume_begin(g->volumes, m->name);

	if (!v)
		return;
	if (note(g->volumes, v, r->id, false) && volume_is_mount(&v->r))
		volume_unmount_data(m->source);
	publish(g, r, m, v, "unmount");
	volume_end(g->volumes, v);
}

static void unmount_first(struct engine *g, const struct container_record *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(r->mounts.v[i].type, "volume"))
			unmount_one(g, r, &r->mounts.v[i]);
}

int volumes_mount(struct engine *g, const struct container_record *r, struct err *e)
{
	for (size_t i = 0; i < r->mounts.n; i++) {
		if (!str_eq(r->mounts.v[i].type, "volume") ||
		    mount_one(g, r, &r->mounts.v[i], e) == 0)
			continue;
		unmount_first(g, r, i);
		return -1;
	}
	return 0;
}

void volumes_unmount(struct engine *g, const struct container_record *r)
{
	unmount_first(g, r, r->mounts.n);
}

void volumes_adopt(struct engine *g, const struct container_record *r)
{
	for (size_t i = 0; i < r->mounts.n; i++) {
		const struct container_mount *m = &r->mounts.v[i];
		struct volume *v =
		        str_eq(m->type, "volume") ? volume_begin(g->volumes, m->name) : NULL;

		if (!v)
			continue;
		note(g->volumes, v, r->id, true);
		volume_end(g->volumes, v);
	}
}
