/* Any bytes as what the kernel answers: messages, attributes, errors, rules of the firewall. */
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdint.h>
#include <stdlib.h>
#include "netlink/iptables.h"
#include "netlink/socket.h"

/* What is read as a rule must be written as one that is read the same. */
static void check_rule(const struct nft_rule_info *info)
{
	_cleanup_nl_batch_ struct nl_batch m = { 0 };
	struct nft_rule_info again = *info;
	struct ipt_rule r, same;

	if (!ipt_read(info, &r))
		return;
	ipt_write(&m, &r);
	again.expressions = (struct slice){ m.b.data, m.b.len };
	if (!ipt_read(&again, &same) || !ipt_equal(&r, &same))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, body;
	struct nft_rule_info info;
	struct nlmsghdr h;
	char words[64];

	while (nl_next_message(&rest, &h, &body)) {
		nl_error_of(&h, body, words, sizeof(words));
		h.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE;
		if (nft_read_rule(&h, body, &info))
			check_rule(&info);
	}
	info = (struct nft_rule_info){ .table = "nat", .chain = "DOCKER" };
	info.expressions = (struct slice){ (const char *)data, size };
	check_rule(&info);
	return 0;
}
