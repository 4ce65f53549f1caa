/* The tables of files.h. */
#include "image/files.h"

JSON_TYPE(files_rootfs, FILES_ROOTFS)
JSON_TYPE(files_mount, FILES_MOUNT)
JSON_TYPE(files_job, FILES_JOB)
JSON_TYPE(files_result, FILES_RESULT)
