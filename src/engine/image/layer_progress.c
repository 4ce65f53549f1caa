/* Progress of layers. See layer_progress.h. */
#include "engine/image/layer_progress.h"

#include "base/clock.h"
#include "oci/digest.h"

#define STEP_INTERVAL_MS 100

const char *const image_pull_states[] = {
	[LAYER_FOUND] = "Pulling fs layer",       [LAYER_WAITING] = "Waiting",
	[LAYER_DOWNLOADING] = "Downloading",      [LAYER_VERIFYING] = "Verifying Checksum",
	[LAYER_DOWNLOADED] = "Download complete", [LAYER_EXTRACTING] = "Extracting",
	[LAYER_DONE] = "Pull complete",           [LAYER_EXISTS] = "Already exists",
};

/* Of an archive, whose bytes are all here: only the unpacking takes time. */
const char *const image_load_states[] = {
	[LAYER_EXTRACTING] = "Loading layer",
	[LAYER_EXISTS] = NULL, /* the last: as long as the other */
};

/* Ten reports a second are enough for the eye. */
static bool is_due(struct image_progress *p, const char *digest, int64_t current, int64_t total)
{
	unsigned char last_digit = (unsigned char)digest[DIGEST_LEN - 1];
	_Atomic int64_t *last = &p->reported[last_digit % IMAGE_PROGRESS_WATCHED];
	int64_t now = clock_mono_ms();

	if (current < total && now - *last < STEP_INTERVAL_MS)
		return false;
	*last = now;
	return true;
}

void image_progress_tell(struct image_progress *p, const char *digest, const char *status,
                         bool counted, int64_t current, int64_t total)
{
	char id[IMAGE_SHORT_ID + 1];

	if (counted && current > 0 && !is_due(p, digest, current, total))
		return;
	str_copy(id, sizeof(id), digest_hex(digest));
	progress_step(p->out, id, status, current, counted ? total : 0);
}

static void on_layer(void *user, const char *digest, enum layer_state state, int64_t current,
                     int64_t total)
{
	struct image_progress *p = user;
	bool counted = state == LAYER_DOWNLOADING || state == LAYER_EXTRACTING;

	if (p->states[state])
		image_progress_tell(p, digest, p->states[state], counted, current, total);
}

bool image_progress_canceled(void *user)
{
	return progress_is_gone(((struct image_progress *)user)->out);
}

struct install_progress image_progress_begin(struct image_progress *p, struct progress *out,
                                             const char *const *states)
{
	*p = (struct image_progress){ .out = out, .states = states };
	return (struct install_progress){ on_layer, image_progress_canceled, p };
}
