/* The tables of exec.h. */
#include "api/exec.h"

JSON_TYPE(api_exec_create, API_EXEC_CREATE)
JSON_TYPE(api_exec_start, API_EXEC_START)
JSON_TYPE(api_exec_process, API_EXEC_PROCESS)
JSON_TYPE(api_exec_inspect, API_EXEC_INSPECT)
