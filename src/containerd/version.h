/* What we say we are: the release of the original whose services we answer, with our own behind it. */
#ifndef CONTAINERD_VERSION_H
#define CONTAINERD_VERSION_H

#define CONTAINERD_PACKAGE  "github.com/containerd/containerd"
#define CONTAINERD_VERSION  "1.6.20+lighter." LIGHTER_VERSION
#define CONTAINERD_REVISION "lighter-" LIGHTER_VERSION

#endif
