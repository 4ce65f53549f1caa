/* Image references. See reference.h. */
#include "oci/reference.h"

#include <string.h>
#include "base/str.h"
#include "oci/digest.h"

#define NAME_MAX_BYTES 255
#define TAG_MAX_BYTES  128

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}
static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static bool is_lower_alnum(char c)
{
	return is_lower(c) || is_digit(c);
}
static bool is_alnum(char c)
{
	return is_lower_alnum(c) || is_upper(c);
}

/* One separator: ".", "_", "__" or any number of "-". Its length, or 0. */
static size_t separator(const char *s)
{
	size_t dashes = strspn(s, "-");

	if (dashes)
		return dashes;
	if (s[0] == '_')
		return s[1] == '_' ? 2 : 1;
	return s[0] == '.' ? 1 : 0;
}

/* component [ "/" component ]*, component := lower-alnum+ [ separator lower-alnum+ ]* */
static bool path_is_valid(const char *s)
{
	for (;;) {
		if (!is_lower_alnum(*s))
			return false;
		while (is_lower_alnum(*s))
			s++;
		if (!*s)
			return true;
		s += *s == '/' ? 1 : separator(s);
	}
}

/* component := alnum [ alnum or "-" ]* alnum */
static const char *skip_domain_component(const char *s)
{
	const char *start = s;

	while (is_alnum(*s) || (*s == '-' && s > start))
		s++;
	return s > start && s[-1] != '-' ? s : NULL;
}

static const char *skip_ipv6(const char *s)
{
	size_t n = strspn(s + 1, "0123456789abcdefABCDEF:");

	return n > 0 && s[1 + n] == ']' ? s + n + 2 : NULL;
}

/* host [ ":" digits ], host := component [ "." component ]* | "[" IPv6 "]" */
static bool domain_is_valid(const char *s)
{
	if (*s == '[') {
		s = skip_ipv6(s);
	} else {
		s = skip_domain_component(s);
		while (s && *s == '.')
			s = skip_domain_component(s + 1);
	}
	if (!s)
		return false;
	if (*s == ':') {
		size_t n = strspn(s + 1, "0123456789");

		return n > 0 && s[1 + n] == '\0';
	}
	return *s == '\0';
}

bool reference_tag_is_valid(const char *tag)
{
	size_t n = strlen(tag);

	if (n == 0 || n > TAG_MAX_BYTES || !(is_alnum(tag[0]) || tag[0] == '_'))
		return false;
	for (const char *p = tag; *p; p++)
		if (!is_alnum(*p) && *p != '_' && *p != '.' && *p != '-')
			return false;
	return true;
}

static bool has_upper(const char *s)
{
	for (; *s; s++)
		if (is_upper(*s))
			return true;
	return false;
}

/* Is the part before the first slash a registry's address? "localhost/x" is, "team/x" is not. */
static bool looks_like_domain(const char *first)
{
	return strpbrk(first, ".:") || str_eq(first, "localhost") || has_upper(first);
}

static void split_domain(struct arena *a, const char *name, struct reference *out)
{
	const char *slash = strchr(name, '/');
	const char *first = slash ? arena_strndup(a, name, (size_t)(slash - name)) : NULL;

	if (first && looks_like_domain(first)) {
		out->domain = first;
		out->path = slash + 1;
	} else {
		out->domain = REFERENCE_DEFAULT_DOMAIN;
		out->path = name;
	}
	if (str_eq(out->domain, "index.docker.io"))
		out->domain = REFERENCE_DEFAULT_DOMAIN;
	if (str_eq(out->domain, REFERENCE_DEFAULT_DOMAIN) && !strchr(out->path, '/'))
		out->path = arena_printf(a, "library/%s", out->path);
}

static int bad_format(struct err *e)
{
	return err_set(e, ERR_INVALID, "invalid reference format");
}

/* Cuts "@digest" and ":tag" off the end of `name`; the tag's colon follows the last slash. */
static int cut_suffixes(char *name, struct reference *out, struct err *e)
{
	char *at = strchr(name, '@');
	char *slash, *colon;

	if (at) {
		*at = '\0';
		out->digest = at + 1;
		if (digest_check(out->digest, e) < 0)
			return bad_format(e);
	}
	slash = strrchr(name, '/');
	colon = strchr(slash ? slash : name, ':');
	if (colon) {
		*colon = '\0';
		out->tag = colon + 1;
		if (!reference_tag_is_valid(out->tag))
			return bad_format(e);
	}
	return 0;
}

int reference_parse(struct arena *a, const char *text, struct reference *out, struct err *e)
{
	char *name = arena_strdup(a, text ? text : "");

	*out = (struct reference){ 0 };
	if (str_is_hex(name, DIGEST_HEX))
		return err_set(
		        e, ERR_INVALID,
		        "invalid repository name (%s), cannot specify 64-byte hexadecimal strings",
		        name);
	if (cut_suffixes(name, out, e) < 0)
		return -1;
	split_domain(a, name, out);
	if (has_upper(out->path))
		return err_set(e, ERR_INVALID,
		               "invalid reference format: repository name (%s) must be lowercase",
		               out->path);
	if (!domain_is_valid(out->domain) || !path_is_valid(out->path))
		return bad_format(e);
	if (strlen(out->path) > NAME_MAX_BYTES)
		return err_set(e, ERR_INVALID,
		               "repository name must not be more than %d characters",
		               NAME_MAX_BYTES);
	return 0;
}

void reference_default_tag(struct reference *r)
{
	if (!r->tag && !r->digest)
		r->tag = REFERENCE_DEFAULT_TAG;
}

static char *with_suffixes(struct arena *a, const char *name, const struct reference *r)
{
	return arena_printf(a, "%s%s%s%s%s", name, r->tag ? ":" : "", r->tag ? r->tag : "",
	                    r->digest ? "@" : "", r->digest ? r->digest : "");
}

char *reference_name(struct arena *a, const struct reference *r)
{
	return arena_printf(a, "%s/%s", r->domain, r->path);
}

char *reference_text(struct arena *a, const struct reference *r)
{
	return with_suffixes(a, reference_name(a, r), r);
}

/* Would "first/rest" be read as a registry's address and a path? */
static bool is_ambiguous(struct arena *a, const char *path)
{
	const char *slash = strchr(path, '/');

	return slash && looks_like_domain(arena_strndup(a, path, (size_t)(slash - path)));
}

char *reference_familiar_name(struct arena *a, const struct reference *r)
{
	const char *official = str_after(r->path, "library/");

	if (!str_eq(r->domain, REFERENCE_DEFAULT_DOMAIN))
		return reference_name(a, r);
	if (official && !strchr(official, '/') && !str_is_hex(official, DIGEST_HEX))
		return arena_strdup(a, official);
	return is_ambiguous(a, r->path) ? reference_name(a, r) : arena_strdup(a, r->path);
}

char *reference_familiar(struct arena *a, const struct reference *r)
{
	return with_suffixes(a, reference_familiar_name(a, r), r);
}
