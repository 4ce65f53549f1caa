/* Mount options. See mount_options.h; words as in mount(8) and runtime-spec's config.md "Mounts". */
#include "libcontainer/mount_options.h"

#include <string.h>
#include <sys/mount.h>
#include "base/str.h"

enum word_kind { SET, CLEAR, REC_SET, REC_CLEAR, SB, PROPAGATION, REC_PROPAGATION, HOW, NOTHING };

static const struct word {
	const char *text;
	enum word_kind kind;
	uint64_t value;
} words[] = {
	{ "async", SB, 0 },
	{ "atime", CLEAR, MOUNT_ATTR_NOATIME },
	{ "bind", HOW, MOUNT_HOW_BIND },
	{ "copy-symlink", NOTHING, 0 },
	{ "defaults", NOTHING, 0 },
	{ "dest-nofollow", HOW, MOUNT_HOW_DEST_NOFOLLOW },
	{ "dev", CLEAR, MOUNT_ATTR_NODEV },
	{ "diratime", CLEAR, MOUNT_ATTR_NODIRATIME },
	{ "dirsync", SB, 0 },
	{ "exec", CLEAR, MOUNT_ATTR_NOEXEC },
	{ "idmap", HOW, MOUNT_HOW_IDMAP },
	{ "iversion", NOTHING, 0 },
	{ "lazytime", SB, 0 },
	{ "loud", NOTHING, 0 },
	{ "mand", SB, 0 },
	{ "noatime", SET, MOUNT_ATTR_NOATIME },
	{ "nodev", SET, MOUNT_ATTR_NODEV },
	{ "nodiratime", SET, MOUNT_ATTR_NODIRATIME },
	{ "noexec", SET, MOUNT_ATTR_NOEXEC },
	{ "noiversion", NOTHING, 0 },
	{ "nolazytime", SB, 0 },
	{ "nomand", SB, 0 },
	{ "norelatime", CLEAR, MOUNT_ATTR_RELATIME },
	{ "nostrictatime", CLEAR, MOUNT_ATTR_STRICTATIME },
	{ "nosuid", SET, MOUNT_ATTR_NOSUID },
	{ "nosymfollow", SET, MOUNT_ATTR_NOSYMFOLLOW },
	{ "private", PROPAGATION, MS_PRIVATE },
	{ "ratime", REC_CLEAR, MOUNT_ATTR_NOATIME },
	{ "rbind", HOW, MOUNT_HOW_BIND | MOUNT_HOW_RECURSIVE },
	{ "rdev", REC_CLEAR, MOUNT_ATTR_NODEV },
	{ "rdiratime", REC_CLEAR, MOUNT_ATTR_NODIRATIME },
	{ "relatime", SET, MOUNT_ATTR_RELATIME },
	{ "remount", HOW, MOUNT_HOW_REMOUNT },
	{ "rexec", REC_CLEAR, MOUNT_ATTR_NOEXEC },
	{ "ridmap", HOW, MOUNT_HOW_IDMAP | MOUNT_HOW_IDMAP_REC },
	{ "rnoatime", REC_SET, MOUNT_ATTR_NOATIME },
	{ "rnodev", REC_SET, MOUNT_ATTR_NODEV },
	{ "rnodiratime", REC_SET, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", REC_SET, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", REC_CLEAR, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", REC_CLEAR, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid", REC_SET, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", REC_SET, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", SET, MOUNT_ATTR_RDONLY },
	{ "rprivate", REC_PROPAGATION, MS_PRIVATE },
	{ "rrelatime", REC_SET, MOUNT_ATTR_RELATIME },
	{ "rro", REC_SET, MOUNT_ATTR_RDONLY },
	{ "rrw", REC_CLEAR, MOUNT_ATTR_RDONLY },
	{ "rshared", REC_PROPAGATION, MS_SHARED },
	{ "rslave", REC_PROPAGATION, MS_SLAVE },
	{ "rstrictatime", REC_SET, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", REC_CLEAR, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", REC_CLEAR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", REC_PROPAGATION, MS_UNBINDABLE },
	{ "rw", CLEAR, MOUNT_ATTR_RDONLY },
	{ "shared", PROPAGATION, MS_SHARED },
	{ "silent", NOTHING, 0 },
	{ "slave", PROPAGATION, MS_SLAVE },
	{ "src-nofollow", HOW, MOUNT_HOW_SRC_NOFOLLOW },
	{ "strictatime", SET, MOUNT_ATTR_STRICTATIME },
	{ "suid", CLEAR, MOUNT_ATTR_NOSUID },
	{ "symfollow", CLEAR, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", SB, 0 },
	{ "tmpcopyup", HOW, MOUNT_HOW_COPY_UP },
	{ "unbindable", PROPAGATION, MS_UNBINDABLE },
};

/*
 * relatime, noatime and strictatime are values of one field: mount_setattr(2) wants the whole field
 * cleared when any of them is set, and knows no "clear" of a single one.
 */
static bool is_atime(const struct word *w)
{
	return strstr(w->text, "atime") && !strstr(w->text, "diratime");
}

static void set_attr(uint64_t *set, uint64_t *clear, const struct word *w)
{
	if (is_atime(w)) {
		*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		*clear |= MOUNT_ATTR__ATIME;
	}
	*set |= w->value;
	if (!is_atime(w))
		*clear &= ~w->value;
}

static void clear_attr(uint64_t *set, uint64_t *clear, const struct word *w)
{
	if (is_atime(w)) {
		*clear |= MOUNT_ATTR__ATIME;
		*set &= ~(uint64_t)MOUNT_ATTR__ATIME;
		return;
	}
	*clear |= w->value;
	*set &= ~w->value;
}

static void add_propagation(struct mount_options *o, uint64_t flag, bool recursive)
{
	if (o->propagation.n < ARRAY_LEN(o->propagation.v)) {
		o->propagation.v[o->propagation.n].flag = flag;
		o->propagation.v[o->propagation.n++].recursive = recursive;
	}
}

static void apply(struct arena *a, const struct word *w, struct mount_options *o)
{
	switch (w->kind) {
	case SET:
		set_attr(&o->set, &o->clear, w);
		break;
	case CLEAR:
		clear_attr(&o->set, &o->clear, w);
		break;
	case REC_SET:
		set_attr(&o->rec_set, &o->rec_clear, w);
		break;
	case REC_CLEAR:
		clear_attr(&o->rec_set, &o->rec_clear, w);
		break;
	case SB:
		arena_push(a, &o->flags, w->text);
		break;
	case PROPAGATION:
	case REC_PROPAGATION:
		add_propagation(o, w->value, w->kind == REC_PROPAGATION);
		break;
	case HOW:
		o->how |= (unsigned)w->value;
		break;
	case NOTHING:
		break;
	}
}

static const struct word *find(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].text, text) == 0)
			return &words[i];
	return NULL;
}

static void add_data(struct arena *a, const char *text, struct mount_options *o)
{
	const char *comma;

	for (; (comma = strchr(text, ',')); text = comma + 1)
		if (comma > text)
			arena_push(a, &o->data, arena_strndup(a, text, (size_t)(comma - text)));
	if (*text)
		arena_push(a, &o->data, text);
}

void mount_options_parse(struct arena *a, const struct strs *list, struct mount_options *out)
{
	*out = (struct mount_options){ 0 };
	for (size_t i = 0; i < list->n; i++) {
		const struct word *w = find(list->v[i]);

		if (w)
			apply(a, w, out);
		else
			add_data(a, list->v[i], out);
	}
	out->read_only = out->set & MOUNT_ATTR_RDONLY;
}

const char *mount_options_data(const struct mount_options *o, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < o->data.n; i++)
		if (strncmp(o->data.v[i], key, n) == 0 && o->data.v[i][n] == '=')
			return o->data.v[i] + n + 1;
	return NULL;
}

const char *mount_options_word(size_t i)
{
	return i < ARRAY_LEN(words) ? words[i].text : NULL;
}
