/* Between protobuf and JSON tables. See wire.h. */
#include "oci/wire.h"

#include "rpc/wkt.h"

Pairs__StringPair **wire_pairs(struct arena *a, const struct json_map *from)
{
	Pairs__StringPair **v = arena_array(a, Pairs__StringPair *, from->n);

	for (size_t i = 0; i < from->n; i++) {
		v[i] = pb_new(a, pairs__string_pair, Pairs__StringPair);
		v[i]->key = from->v[i].key;
		v[i]->value = from->v[i].value;
	}
	return v;
}

struct json_map wire_pairs_from(struct arena *a, size_t n, Pairs__StringPair *const *v)
{
	struct json_map m = { n, arena_array(a, struct json_pair, n) };

	for (size_t i = 0; i < n; i++) {
		m.v[i].key = v[i]->key ? v[i]->key : "";
		m.v[i].value = v[i]->value ? v[i]->value : "";
	}
	return m;
}

Types__Descriptor *wire_descriptor(struct arena *a, const struct oci_descriptor *from)
{
	Types__Descriptor *d = pb_new(a, types__descriptor, Types__Descriptor);

	d->media_type = from->media_type;
	d->digest = from->digest;
	pb_set(d, size, from->size);
	d->n_annotations = from->annotations.n;
	d->annotations = wire_pairs(a, &from->annotations);
	return d;
}

struct oci_descriptor wire_descriptor_from(struct arena *a, const Types__Descriptor *from)
{
	return (struct oci_descriptor){
		.media_type = from->media_type,
		.digest = from->digest,
		.size = from->size,
		.annotations = wire_pairs_from(a, from->n_annotations, from->annotations),
	};
}
