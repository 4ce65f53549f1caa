/* The handlers and flags that the table of commands names; each group is a file of its own. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

/* container/run.c, container/create.c */
extern const struct flags run_flags, create_flags;
command_fn container_run, container_create;

/* container/exec.c, container/attach.c, container/logs.c */
extern const struct flags exec_flags, attach_flags, logs_flags;
command_fn container_exec, container_attach, container_logs;

/* container/list.c, container/top.c */
extern const struct flags ps_flags;
command_fn container_list, container_top, container_port;

/* container/state.c: one call of the API for each argument */
extern const struct flags kill_flags, stop_flags, rm_flags;
command_fn container_kill, container_stop, container_restart, container_rm, container_pause,
        container_unpause, container_wait, container_rename;

/* container/start.c */
extern const struct flags start_flags;
command_fn container_start;

/* container/update.c */
extern const struct flags update_flags;
command_fn container_update;

/* inspect.c */
extern const struct flags inspect_flags, container_inspect_flags, image_inspect_flags;
command_fn inspect_any, container_inspect, image_inspect;

/* image/list.c, image/pull.c, image/image.c */
extern const struct flags images_flags, pull_flags, rmi_flags;
command_fn image_list, image_pull, image_rm, image_tag;

/* network/network.c, network/list.c, inspect.c */
extern const struct flags network_create_flags, network_connect_flags, network_disconnect_flags,
        network_rm_flags, network_ls_flags, network_inspect_flags;
command_fn network_create, network_connect, network_disconnect, network_rm, network_ls,
        network_inspect;

/* volume/volume.c, volume/list.c, inspect.c */
extern const struct flags volume_create_flags, volume_rm_flags, volume_ls_flags,
        volume_inspect_flags;
command_fn volume_create, volume_rm, volume_ls, volume_inspect;

/* system/prune_commands.c, system/df.c, container/stats.c */
extern const struct flags container_prune_flags, network_prune_flags, image_prune_flags,
        volume_prune_flags, builder_prune_flags, system_prune_flags, df_flags, stats_flags;
command_fn container_prune, network_prune, image_prune, volume_prune, builder_prune, system_prune,
        system_df, container_stats;

/* container/cp.c, container/export.c */
extern const struct flags cp_flags, export_flags, commit_flags;
command_fn container_cp, container_export, container_diff, container_commit;

/* image/archive.c, image/push.c, image/history.c */
extern const struct flags save_flags, load_flags, import_flags, push_flags, history_flags;
command_fn image_save, image_load, image_import, image_push, image_history;

/* system/login.c, image/search.c */
extern const struct flags login_flags, search_flags;
command_fn registry_login, registry_logout, registry_search;

/* system/version.c, system/info.c, system/events.c, system/dial.c */
extern const struct flags version_flags, info_flags, events_flags;
command_fn version_show, system_info, system_events, system_dial_stdio;

#endif
