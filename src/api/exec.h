/*
 * Making, starting and inspecting an exec, as JSON tables. Docker Engine API 1.24 to 1.51, "Exec".
 */
#ifndef API_EXEC_H
#define API_EXEC_H

#include "base/json.h"

#define API_EXEC_CREATE(F)                               \
	F(STR, user, "User", 0)                          \
	F(BOOL, privileged, "Privileged", 0)             \
	F(BOOL, tty, "Tty", 0)                           \
	F(I64S, console_size, "ConsoleSize", OMIT_EMPTY) \
	F(BOOL, attach_stdin, "AttachStdin", 0)          \
	F(BOOL, attach_stderr, "AttachStderr", 0)        \
	F(BOOL, attach_stdout, "AttachStdout", 0)        \
	F(BOOL, detach, "Detach", 0)                     \
	F(STR, detach_keys, "DetachKeys", 0)             \
	F(STRS, env, "Env", 0)                           \
	F(STR, working_dir, "WorkingDir", 0)             \
	F(STRLIST, cmd, "Cmd", 0)
JSON_STRUCT(api_exec_create, API_EXEC_CREATE)

#define API_EXEC_START(F)            \
	F(BOOL, detach, "Detach", 0) \
	F(BOOL, tty, "Tty", 0)       \
	F(I64S, console_size, "ConsoleSize", OMIT_EMPTY)
JSON_STRUCT(api_exec_start, API_EXEC_START)

#define API_EXEC_PROCESS(F)                               \
	F(STRS, arguments, "arguments", 0)                \
	F(STR, entrypoint, "entrypoint", 0)               \
	F(OPT_BOOL, privileged, "privileged", OMIT_EMPTY) \
	F(BOOL, tty, "tty", 0)                            \
	F(STR, user, "user", OMIT_EMPTY)
JSON_STRUCT(api_exec_process, API_EXEC_PROCESS)

#define API_EXEC_INSPECT(F)                                   \
	F(STR, id, "ID", 0)                                   \
	F(BOOL, running, "Running", 0)                        \
	F(OPT_I64, exit_code, "ExitCode", 0)                  \
	F(OBJ, process, "ProcessConfig", 0, api_exec_process) \
	F(BOOL, open_stdin, "OpenStdin", 0)                   \
	F(BOOL, open_stderr, "OpenStderr", 0)                 \
	F(BOOL, open_stdout, "OpenStdout", 0)                 \
	F(BOOL, can_remove, "CanRemove", 0)                   \
	F(STR, container_id, "ContainerID", 0)                \
	F(STR, detach_keys, "DetachKeys", 0)                  \
	F(I64, pid, "Pid", 0)
JSON_STRUCT(api_exec_inspect, API_EXEC_INSPECT)

#endif
