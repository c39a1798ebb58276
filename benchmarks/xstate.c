/* LD_PRELOAD for user-mode-linux on processors with AMX: it keeps a process's registers in a buffer that is too small for
 * all of them, reads as many as fit, and is refused when it writes them back (ptrace(2), PTRACE_SETREGSET: EFAULT for a set
 * that is not whole). Here what it writes is laid over the process's own whole set. */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long call(long request, pid_t pid, void *address, void *data) {
    return syscall(SYS_ptrace, request, pid, address, data);
}

long ptrace(enum __ptrace_request request, ...) {
    static char whole[65536];
    va_list rest;
    va_start(rest, request);
    pid_t pid = va_arg(rest, pid_t);
    void *address = va_arg(rest, void *), *data = va_arg(rest, void *);
    va_end(rest);
    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER) {
        /* The C library returns what the system call writes. */
        long word;
        if (call(request, pid, address, &word) < 0)
            return -1;
        errno = 0;
        return word;
    }
    if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) {
        struct iovec *given = data, all = {whole, sizeof whole};
        if (call(PTRACE_GETREGSET, pid, address, &all) < 0)
            return -1;
        if (given->iov_len < all.iov_len) {
            memcpy(whole, given->iov_base, given->iov_len);
            return call(request, pid, address, &all);
        }
    }
    return call(request, pid, address, data);
}
