/* Loaded before libc: what this process does to files goes through a function of the test's, which answers how many
   bytes of it may happen, or with a negative error number. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CREATE, WRITE, TRUNCATE, SYNC, RENAME, UNLINK };
typedef long (*watcher)(int kind, int file, const char* path, const char* to, const void* data, long size, long at);

static watcher watching;
static __thread int asking;

void disk_watch(watcher function) { watching = function; }

static long allowed(int kind, int file, const char* path, const char* to, const void* data, long size, long at) {
  if (watching == NULL || asking) return size;
  asking = 1;
  long answer = watching(kind, file, path, to, data, size, at);
  asking = 0;
  return answer;
}

#define REAL(name) (real != NULL ? real : (real = (void*)dlsym(RTLD_NEXT, #name)))
#define ALLOW(...)                    \
  long answer = allowed(__VA_ARGS__); \
  if (answer < 0) {                   \
    errno = (int)-answer;             \
    return -1;                        \
  }

#define OPEN(name)                                                   \
  int name(const char* path, int flags, ...) {                       \
    static int (*real)(const char*, int, ...);                       \
    va_list more;                                                    \
    va_start(more, flags);                                           \
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                    \
    struct stat there;                                               \
    if ((flags & O_CREAT) != 0 && lstat(path, &there) != 0) {        \
      ALLOW(CREATE, -1, path, NULL, NULL, 0, 0)                      \
    }                                                                \
    return REAL(name)(path, flags, mode);                            \
  }
OPEN(open)
OPEN(open64)

ssize_t write(int file, const void* data, size_t size) {
  static ssize_t (*real)(int, const void*, size_t);
  ALLOW(WRITE, file, NULL, NULL, data, (long)size, -1)
  return REAL(write)(file, data, (size_t)answer);
}

#define PWRITE(name, offset)                                         \
  ssize_t name(int file, const void* data, size_t size, offset at) { \
    static ssize_t (*real)(int, const void*, size_t, offset);        \
    ALLOW(WRITE, file, NULL, NULL, data, (long)size, (long)at)       \
    return REAL(name)(file, data, (size_t)answer, at);               \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE_TO(name, offset)                          \
  int name(int file, offset size) {                        \
    static int (*real)(int, offset);                       \
    ALLOW(TRUNCATE, file, NULL, NULL, NULL, (long)size, 0) \
    return REAL(name)(file, size);                         \
  }
TRUNCATE_TO(ftruncate, off_t)
TRUNCATE_TO(ftruncate64, off64_t)

#define SYNC_BY(name)                         \
  int name(int file) {                        \
    static int (*real)(int);                  \
    ALLOW(SYNC, file, NULL, NULL, NULL, 0, 0) \
    return REAL(name)(file);                  \
  }
SYNC_BY(fsync)
SYNC_BY(fdatasync)

int rename(const char* from, const char* to) {
  static int (*real)(const char*, const char*);
  ALLOW(RENAME, -1, from, to, NULL, 0, 0)
  return REAL(rename)(from, to);
}

int unlink(const char* path) {
  static int (*real)(const char*);
  ALLOW(UNLINK, -1, path, NULL, NULL, 0, 0)
  return REAL(unlink)(path);
}
