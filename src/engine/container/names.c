/* See names.h. The words are about water, boats and weather. */
#include "engine/container/names.h"

#include <ctype.h>
#include "base/id.h"
#include "base/limits.h"
#include "base/str.h"

static const char *const adjectives[] = {
	"able",     "afloat",   "airy",    "amber",  "ample",    "azure",     "balmy",
	"becalmed", "blithe",   "bold",    "bonny",  "bracing",  "breezy",    "bright",
	"brisk",    "briny",    "buoyant", "calm",   "candid",   "cheery",    "clear",
	"clever",   "cobalt",   "coastal", "coral",  "cosy",     "crested",   "crisp",
	"dapper",   "dashing",  "deft",    "dewy",   "drifting", "eager",     "earnest",
	"easy",     "ebbing",   "fair",    "fleet",  "flowing",  "foamy",     "fond",
	"frank",    "fresh",    "gallant", "gentle", "glad",     "gleaming",  "glossy",
	"golden",   "graceful", "gusty",   "hale",   "handy",    "happy",     "hardy",
	"hearty",   "honest",   "humble",  "jaunty", "jolly",    "keen",      "kind",
	"laden",    "limpid",   "lively",  "lofty",  "lucid",    "lucky",     "lunar",
	"marine",   "mellow",   "merry",   "mild",   "misty",    "moored",    "nautical",
	"neat",     "nimble",   "noble",   "opal",   "patient",  "pearly",    "placid",
	"plucky",   "polar",    "proud",   "quick",  "quiet",    "ready",     "rippling",
	"rosy",     "rugged",   "sailing", "salty",  "sandy",    "serene",    "sheltered",
	"shiny",    "silver",   "sleek",   "snug",   "solid",    "sparkling", "spry",
	"starry",   "steady",   "still",   "stout",  "sunny",    "swift",     "tidal",
	"tidy",     "trim",     "trusty",  "upbeat", "vivid",    "warm",      "wavy",
	"windward",
};

static const char *const nouns[] = {
	"anchor",    "atoll",    "auk",        "ballast",   "barge",     "barque",    "bay",
	"beacon",    "bollard",  "boom",       "bowline",   "bow",       "breeze",    "brig",
	"buoy",      "canal",    "canoe",      "capstan",   "cape",      "cargo",     "channel",
	"cleat",     "coot",     "coracle",    "cormorant", "cove",      "crane",     "creek",
	"current",   "cutter",   "deck",       "delta",     "dinghy",    "dock",      "dolphin",
	"dory",      "dune",     "eddy",       "eider",     "estuary",   "fathom",    "fender",
	"ferry",     "fjord",    "galley",     "gannet",    "grebe",     "gull",      "halyard",
	"harbour",   "harpoon",  "hatch",      "haven",     "hawser",    "helm",      "heron",
	"hull",      "inlet",    "island",     "isthmus",   "jetty",     "jib",       "kayak",
	"keel",      "ketch",    "kingfisher", "kittiwake", "lagoon",    "lantern",   "leeward",
	"levee",     "lock",     "longboat",   "mallard",   "mainsail",  "marina",    "mast",
	"merganser", "mooring",  "narwhal",    "oar",       "ocean",     "osprey",    "otter",
	"oyster",    "paddle",   "pelican",    "petrel",    "pier",      "pilot",     "plover",
	"pontoon",   "porpoise", "port",       "prow",      "puffin",    "punt",      "quay",
	"raft",      "reef",     "rigging",    "rudder",    "sandpiper", "schooner",  "seal",
	"sextant",   "shoal",    "skiff",      "sloop",     "spar",      "spinnaker", "strait",
	"tern",      "tide",     "tiller",     "tugboat",   "turnstone", "wharf",     "wherry",
	"yawl",
};

char *name_random(struct arena *a, unsigned attempt)
{
	unsigned char r[5];
	const char *adjective, *noun;

	id_random_bytes(r, sizeof(r));
	adjective = adjectives[(r[0] | r[1] << 8) % ARRAY_LEN(adjectives)];
	noun = nouns[(r[2] | r[3] << 8) % ARRAY_LEN(nouns)];
	if (attempt == 0)
		return arena_printf(a, "%s_%s", adjective, noun);
	return arena_printf(a, "%s_%s%u", adjective, noun, r[4] % 10u);
}

bool name_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (n < 2 || n > LIMIT_NAME_BYTES || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return false;
	return true;
}
