/* Platforms. See platform.h. */
#include "oci/platform.h"

#include <string.h>
#include <sys/utsname.h>
#include "base/str.h"

/* Names that machines and people use, and what the specification calls them. */
static const struct alias {
	const char *name, *architecture, *variant;
} aliases[] = {
	{ "i386", "386", "" },
	{ "i486", "386", "" },
	{ "i586", "386", "" },
	{ "i686", "386", "" },
	{ "x86_64", "amd64", "" },
	{ "x86-64", "amd64", "" },
	{ "aarch64", "arm64", "" },
	{ "armhf", "arm", "v7" },
	{ "armv7l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },
	{ "armel", "arm", "v6" },
	{ "armv8l", "arm", "v8" },
	{ "loongarch64", "loong64", "" },
};

/* Variants that go without saying, or are written in another way. */
static const struct {
	const char *architecture, *variant, *canonical;
} variants[] = {
	{ "amd64", "v1", "" },   { "arm64", "8", "" }, { "arm64", "v8", "" },
	{ "arm64", "v8.0", "" }, { "arm", "", "v7" },  { "arm", "5", "v5" },
	{ "arm", "6", "v6" },    { "arm", "7", "v7" }, { "arm", "8", "v8" },
};

static const char *text(const char *s)
{
	return s ? s : "";
}

void platform_normalize(struct oci_platform *p)
{
	if (str_eq(p->os, "macos"))
		p->os = "darwin";
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
		if (!str_eq(p->architecture, aliases[i].name))
			continue;
		p->architecture = aliases[i].architecture;
		if (str_empty(p->variant))
			p->variant = aliases[i].variant;
	}
	p->variant = text(p->variant);
	for (size_t i = 0; i < ARRAY_LEN(variants); i++)
		if (str_eq(p->architecture, variants[i].architecture) &&
		    str_eq(p->variant, variants[i].variant)) {
			p->variant = variants[i].canonical;
			break;
		}
}

static const char *build_architecture(void)
{
#if defined(__x86_64__)
	return "amd64";
#elif defined(__aarch64__)
	return "arm64";
#elif defined(__arm__)
	return "arm";
#elif defined(__i386__)
	return "386";
#elif defined(__riscv) && __riscv_xlen == 64
	return "riscv64";
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return "ppc64le";
#elif defined(__s390x__)
	return "s390x";
#elif defined(__loongarch64)
	return "loong64";
#else
#error "name this architecture as Go does"
#endif
}

void platform_host(struct oci_platform *out)
{
	struct utsname u;

	*out = (struct oci_platform){ .os = "linux", .architecture = build_architecture() };
	if (str_eq(out->architecture, "arm") && uname(&u) == 0 && str_starts(u.machine, "armv6"))
		out->variant = "v6";
	platform_normalize(out);
}

static bool is_word(const char *s)
{
	return *s &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] ==
	               '\0';
}

/* A single word is an operating system or an architecture. */
static bool is_os(const char *word)
{
	static const char *const known[] = { "linux",   "darwin",  "macos",  "windows",
		                             "freebsd", "openbsd", "netbsd", "solaris" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq(word, known[i]))
			return true;
	return false;
}

int platform_parse(struct arena *a, const char *spec, struct oci_platform *out, struct err *e)
{
	const char *part[3] = { 0 };
	size_t n = 0;
	char *rest = arena_strdup(a, spec);

	for (char *word; (word = strsep(&rest, "/")) != NULL;) {
		if (n == ARRAY_LEN(part) || !is_word(word))
			return err_set(e, ERR_INVALID, "\"%s\" is an invalid OS or platform format",
			               spec);
		for (char *c = word; *c; c++)
			*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
		part[n++] = word;
	}
	platform_host(out);
	if (n == 1 && is_os(part[0])) {
		out->os = part[0];
	} else if (n == 1) {
		out->architecture = part[0];
		out->variant = "";
	} else {
		*out = (struct oci_platform){ .os = part[0],
			                      .architecture = part[1],
			                      .variant = part[2] };
	}
	platform_normalize(out);
	return 0;
}

char *platform_format(struct arena *a, const struct oci_platform *p)
{
	return arena_printf(a, "%s/%s%s%s", text(p->os), text(p->architecture),
	                    str_empty(p->variant) ? "" : "/", text(p->variant));
}

/* "v7" is 7, "" is `none`, anything else is -1. */
static int variant_number(const char *v, int none)
{
	if (str_empty(v))
		return none;
	return v[0] == 'v' && v[1] >= '1' && v[1] <= '9' && v[2] == '\0' ? v[1] - '0' : -1;
}

/* Variants of one architecture: an older one runs on a newer machine. `none` is what "" stands for.
 */
static int rank_variants(const char *want, const char *have, int none)
{
	int w = variant_number(want, none), h = variant_number(have, none);

	if (str_eq(text(want), text(have)))
		return 0;
	return w > 0 && h > 0 && h <= w ? w - h : PLATFORM_NO_MATCH;
}

#define RANK_OTHER_ARCHITECTURE 100

/* Machines that also run another architecture's programs, as of which variant. */
static const struct {
	const char *want, *have, *variant;
} also_runs[] = {
	{ "amd64", "386", "" },
	{ "arm64", "arm", "v8" },
};

int platform_rank(const struct oci_platform *want, const struct oci_platform *have)
{
	struct oci_platform w = *want, h = *have;
	int rank;

	platform_normalize(&w);
	platform_normalize(&h);
	if (!str_eq(w.os, h.os))
		return PLATFORM_NO_MATCH;
	if (str_eq(w.architecture, h.architecture))
		return rank_variants(w.variant, h.variant, str_eq(w.architecture, "arm64") ? 8 : 1);
	for (size_t i = 0; i < ARRAY_LEN(also_runs); i++) {
		if (!str_eq(w.architecture, also_runs[i].want) ||
		    !str_eq(h.architecture, also_runs[i].have))
			continue;
		rank = rank_variants(also_runs[i].variant, h.variant, 1);
		return rank < 0 ? rank : RANK_OTHER_ARCHITECTURE + rank;
	}
	return PLATFORM_NO_MATCH;
}

#define RANK_UNNAMED 1000 /* no platform said: it may fit, its config will tell */

static int rank_descriptor(const struct oci_platform *want, const struct oci_descriptor *d)
{
	if (media_type_is_index(d->media_type) ||
	    json_map_get(&d->annotations, ANNOTATION_REFERENCE_TYPE))
		return PLATFORM_NO_MATCH;
	return d->platform ? platform_rank(want, d->platform) : RANK_UNNAMED;
}

const struct oci_descriptor *platform_choose(const struct oci_index *index,
                                             const struct oci_platform *want, struct err *e)
{
	_cleanup_arena_ struct arena a = { 0 };
	const struct oci_descriptor *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct oci_descriptor *d = &index->manifests.v[i];
		int rank = rank_descriptor(want, d);

		if (rank >= 0 && (!best || rank < best_rank)) {
			best = d;
			best_rank = rank;
		}
	}
	if (!best)
		(void)err_set(e, ERR_NOT_FOUND,
		              "no matching manifest for %s in the manifest list entries",
		              platform_format(&a, want));
	return best;
}
