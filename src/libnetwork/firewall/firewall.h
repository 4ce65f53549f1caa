/*
 * The firewall of the host: puts Docker's rules into nf_tables and takes them out again.
 *
 * Whoever wants rules keeps a struct fw_rules: the rules with the kernel's handles. Changes are
 * transactions of one system call; nothing is looked for before it is added or deleted. Threads may
 * call at once: each call has a socket of its own, the kernel puts transactions in order.
 *
 * From firewall_new to firewall_settle the firewall is restoring: what is wanted and there already
 * (from an earlier engine) is adopted where it stands; firewall_settle removes what is ours and
 * nobody has claimed.
 */
#ifndef LIBNETWORK_FIREWALL_FIREWALL_H
#define LIBNETWORK_FIREWALL_FIREWALL_H

#include "base/err.h"
#include "libnetwork/firewall/rules.h"

struct firewall;

struct fw_rules {
	size_t n;
	struct fw_rule {
		struct ipt_rule rule;
		uint64_t handle;
	} * v; /* owned; freed by firewall_remove or fw_rules_free */
};
void fw_rules_free(struct fw_rules *r); /* forgets; the rules stay */

/* `flags`: FW_PROXY or FW_NO_PROXY. Makes tables, chains and the base rules. */
struct firewall *firewall_new(unsigned flags, struct err *e) must_check;
void firewall_free(struct firewall *f);
int firewall_settle(struct firewall *f, struct err *e) must_check;

/* Adds all or none, and records them in `set` (which may have some already). */
int firewall_add(struct firewall *f, struct fw_rules *set, const struct fw_want *want, size_t n,
                 struct err *e) must_check;

/* Removes all of the set; rules that somebody else has removed already are no failure. */
int firewall_remove(struct firewall *f, struct fw_rules *set, struct err *e) must_check;

/* iptables -P FORWARD DROP */
int firewall_drop_forward(struct firewall *f, struct err *e) must_check;

#endif
