/* This program's terminal and signals. See terminal.c. */
#ifndef CTR_TERMINAL_H
#define CTR_TERMINAL_H

#include "ctr/process.h"

/* Every key goes to the process from now on; undone when the program ends. */
int terminal_raw(struct err *e) must_check;

/* Tells containerd the size of our terminal. */
void terminal_resize(struct ctr *c, const struct ctr_process *p);

/* Blocks what is forwarded to the process; before threads are made. */
void terminal_block_signals(bool tty);
/* A signalfd of those, or -1. */
int terminal_signals(void);

#endif
