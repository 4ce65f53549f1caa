/* What a list's values must look like, told when the flag is given. Error texts are the original's. */
#ifndef CLI_FLAG_CHECKS_H
#define CLI_FLAG_CHECKS_H

#include "cli/command.h"

flag_check_fn check_filter, check_env, check_label, check_sysctl, check_stream, check_ip,
        check_host, check_link;
flag_check_fn check_mount, check_network, check_ulimit, check_gpus, check_weight_device;
flag_check_fn check_bytes_rate, check_ops_rate, check_device_rule;

#endif
