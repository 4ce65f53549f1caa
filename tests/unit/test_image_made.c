/* What images are made with: instructions that change a config, and the tar that save writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "engine/image/instructions.h"
#include "image/tar_index.h"
#include "image/tar_write.h"

/* ---- changes ---- */

static const struct {
	const char *change, *config; /* the config as JSON, or the error's words after a '!' */
} changes[] = {
	{ "CMD echo hi", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo hi\"]}" },
	{ "cmd [\"a\", \"b c\"]", "{\"Cmd\":[\"a\",\"b c\"]}" },
	{ "CMD [\"not json]", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"[\\\"not json]\"]}" },
	{ "CMD", "{}" },
	{ "ENTRYPOINT [\"/init\"]", "{\"Entrypoint\":[\"/init\"]}" },
	{ "ENV A=1 B=\"2 3\" C='\\x' D=\\ x\nENV A=4",
	  "{\"Env\":[\"A=4\",\"B=2 3\",\"C=\\\\x\",\"D= x\"]}" },
	{ "ENV KEY the rest", "{\"Env\":[\"KEY=the rest\"]}" },
	{ "ENV KEY", "!ENV: must have two arguments" },
	{ "ENV =x", "!ENV: needs name=value" },
	{ "ENV", "!ENV: requires at least one argument" },
	{ "LABEL a=b a=c", "{\"Labels\":{\"a\":\"c\"}}" },
	{ "EXPOSE 80 80/tcp 53/udp", "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}}" },
	{ "EXPOSE 80/ftp", "!Invalid containerPort: 80/ftp" },
	{ "EXPOSE /tcp", "!Invalid containerPort: /tcp" },
	{ "WORKDIR /a\nWORKDIR b", "{\"WorkingDir\":\"/a/b\"}" },
	{ "VOLUME [\"/x\", \"/y\"]\nVOLUME /x", "{\"Volumes\":{\"/x\":{},\"/y\":{}}}" },
	{ "USER  me ", "{\"User\":\"me\"}" },
	{ "STOPSIGNAL 9", "{\"StopSignal\":\"9\"}" },
	{ "STOPSIGNAL SIGNOT", "!STOPSIGNAL: invalid signal" },
	{ "HEALTHCHECK NONE", "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}" },
	{ "HEALTHCHECK CMD [\"a\"]", "{\"Healthcheck\":{\"Test\":[\"CMD\",\"a\"]}}" },
	{ "HEALTHCHECK --interval=1s CMD a",
	  "!HEALTHCHECK: only NONE and CMD without options can be changed to" },
	{ "ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}" },
	{ "COPY a b", "!COPY is not a valid change command" },
	{ "\n \n", "{}" },
};

static void changes_change_the_config(void **state unused_arg)
{
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		_cleanup_arena_ struct arena a = { 0 };
		struct oci_image_params p = { 0 };
		struct strs list = { 0 };
		struct err e = { 0 };

		arena_push(&a, &list, changes[i].change);
		if (image_apply_changes(&a, &list, &p, &e) < 0)
			assert_string_equal(arena_printf(&a, "!%s", e.text), changes[i].config);
		else
			assert_string_equal(json_text(&a, &oci_image_params_type, &p),
			                    changes[i].config);
	}
}

/* ---- tar ---- */

static int write_fd(void *user, const void *p, size_t n, struct err *e)
{
	return fd_write_all(*(int *)user, p, n, e);
}

static void what_is_written_is_read_again(void **state unused_arg)
{
	_cleanup_arena_ struct arena a = { 0 };
	_cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
	struct tar_writer w = { .write = write_fd, .user = &fd };
	struct tar_index index;
	struct err e = { 0 };
	char text[600] = { 0 };

	assert_int_equal(tar_folder(&w, "d/", &e), 0);
	assert_int_equal(tar_text(&w, "d/one", slice_of("1"), &e), 0);
	assert_int_equal(tar_text(&w, "empty", slice_of(""), &e), 0);
	assert_int_equal(tar_text(&w, "two", (struct slice){ text, sizeof(text) }, &e), 0);
	assert_int_equal(tar_end(&w, &e), 0);
	assert_int_equal(tar_index_read(fd, &a, &index, &e), 0);
	assert_int_equal(index.n, 3);
	assert_int_equal(tar_find(&index, "d/one")->size, 1);
	assert_int_equal(tar_find(&index, "empty")->size, 0);
	assert_int_equal(tar_find(&index, "two")->size, sizeof(text));
	assert_int_equal(lseek(fd, 0, SEEK_END) % 512, 0);
}

static int count(void *user, const void *p unused_arg, size_t n, struct err *e unused_arg)
{
	*(size_t *)user += n;
	return 0;
}

/* A size that is not kept to would shift all that follows. */
static void sizes_are_promises(void **state unused_arg)
{
	size_t written = 0;
	struct tar_writer w = { .write = count, .user = &written };
	char name[200];
	struct err e = { 0 };

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(tar_file(&w, name, 0, &e), -1);
	assert_int_equal(tar_file(&w, "a", 3, &e), 0);
	assert_int_equal(tar_data(&w, "1234", 4, &e), -1);
	assert_int_equal(tar_data(&w, "12", 2, &e), 0);
	assert_int_equal(tar_file(&w, "b", 0, &e), -1);
	assert_int_equal(tar_end(&w, &e), -1);
	assert_int_equal(tar_data(&w, "3", 1, &e), 0);
	assert_int_equal(tar_file(&w, "huge", 1LL << 40, &e), 0);
	assert_int_equal(written, 512 * 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_change_the_config),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(sizes_are_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
