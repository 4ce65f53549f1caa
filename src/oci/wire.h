/*
 * What looks alike on both wires, converted in one place: descriptors and labels between protobuf
 * (containerd's API) and the tables of JSON documents (OCI images, the Docker API).
 */
#ifndef OCI_WIRE_H
#define OCI_WIRE_H

#include "oci/image.h"
#include "proto/pairs.pb-c.h"
#include "proto/types.pb-c.h"

/* Borrow the strings of `from`; lists and structs are made in the arena. */
Types__Descriptor *wire_descriptor(struct arena *a, const struct oci_descriptor *from);
struct oci_descriptor wire_descriptor_from(struct arena *a, const Types__Descriptor *from);

Pairs__StringPair **wire_pairs(struct arena *a, const struct json_map *from); /* from->n of them */
struct json_map wire_pairs_from(struct arena *a, size_t n, Pairs__StringPair *const *v);

#endif
