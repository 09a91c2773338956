/*
 * The init of a Machine: one static program without a C library, so that it runs in any image and on any Linux. It makes
 * the namespaces and mounts it is told to make, becomes PID 1 of them, and from then on starts commands, passes on what
 * they write, signals them and tells how they ended.
 *
 * It speaks frames over file descriptor 3, a socket whose other end the server holds; with an argument, whatever that is, it
 * listens on its stdin and speaks on its stdout, as a container engine leaves it nothing else. When the server's end is closed,
 * however the server went, PID 1 exits and the kernel kills every process of the Machine with it.
 *
 * Where it is first told to fork it is no init but a zygote, which makes inits for the server: what a fork costs grows with the
 * memory of who forks, and the server has much. Each init has a connection of its own.
 *
 *   frame   u32 length of the payload, u32 type, u32 id; payload. Numbers are little-endian.
 *
 *   server to init
 *     1 OPERATIONS  operations, see operate(). The first such frame makes the Machine.
 *     2 EXECUTE     u32 flags, uid, gid, argc, envc; u64 capabilities; then NUL-ended: cwd, the arguments, the environment
 *     3 SIGNAL      u32 signal, for the process of this id
 *     4 KILL        the process of this id and all that it started
 *     5 FORK        NUL-ended: a token, the path of the socket at which the server listens, the init's working directory
 *   init to server
 *     1 DONE        u32 errno, index of the operation that failed; the frame of this id was carried out when errno is 0, and
 *                   in place of the index there is the number that its last operation has read
 *     2 STDOUT, 3 STDERR  bytes
 *     4 ENDED       u32 wait status; comes after all output, except of the main process, which is not waited for
 *     5 PID         u32: PID 1 as the server's computer numbers it
 *     6 HELLO       the token, from an init that has just been forked; where it can not be the zygote says DONE
 *
 * Readable for people who know Linux; syscalls are called by number as there is nobody else to call them. Build with
 * build-init.sh, which writes the bytes that init-binaries.generated.ts holds.
 */

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long word;

#if defined(__x86_64__)
enum {
  SYS_read = 0,
  SYS_write = 1,
  SYS_close = 3,
  SYS_rt_sigprocmask = 14,
  SYS_ioctl = 16,
  SYS_socket = 41,
  SYS_connect = 42,
  SYS_clone = 56,
  SYS_execve = 59,
  SYS_wait4 = 61,
  SYS_kill = 62,
  SYS_fcntl = 72,
  SYS_chdir = 80,
  SYS_fchmod = 91,
  SYS_umask = 95,
  SYS_setuid = 105,
  SYS_setgid = 106,
  SYS_setsid = 112,
  SYS_setgroups = 116,
  SYS_capget = 125,
  SYS_capset = 126,
  SYS_pivot_root = 155,
  SYS_prctl = 157,
  SYS_mount = 165,
  SYS_umount2 = 166,
  SYS_sethostname = 170,
  SYS_clock_gettime = 228,
  SYS_exit_group = 231,
  SYS_openat = 257,
  SYS_mkdirat = 258,
  SYS_mknodat = 259,
  SYS_unlinkat = 263,
  SYS_symlinkat = 266,
  SYS_ppoll = 271,
  SYS_unshare = 272,
  SYS_signalfd4 = 289,
  SYS_dup3 = 292,
  SYS_pipe2 = 293,
  SYS_prlimit64 = 302,
  SYS_close_range = 436,
};
static inline word call(word n, word a, word b, word c, word d, word e) {
  word result;
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start: xor %ebp,%ebp; mov %rsp,%rdi; and $-16,%rsp; call begin");
#elif defined(__aarch64__)
enum {
  SYS_read = 63,
  SYS_write = 64,
  SYS_close = 57,
  SYS_rt_sigprocmask = 135,
  SYS_ioctl = 29,
  SYS_socket = 198,
  SYS_connect = 203,
  SYS_clone = 220,
  SYS_execve = 221,
  SYS_wait4 = 260,
  SYS_kill = 129,
  SYS_fcntl = 25,
  SYS_chdir = 49,
  SYS_fchmod = 52,
  SYS_umask = 166,
  SYS_setuid = 146,
  SYS_setgid = 144,
  SYS_setsid = 157,
  SYS_setgroups = 159,
  SYS_capget = 90,
  SYS_capset = 91,
  SYS_pivot_root = 41,
  SYS_prctl = 167,
  SYS_mount = 40,
  SYS_umount2 = 39,
  SYS_sethostname = 161,
  SYS_clock_gettime = 113,
  SYS_exit_group = 94,
  SYS_openat = 56,
  SYS_mkdirat = 34,
  SYS_mknodat = 33,
  SYS_unlinkat = 35,
  SYS_symlinkat = 36,
  SYS_ppoll = 73,
  SYS_unshare = 97,
  SYS_signalfd4 = 74,
  SYS_dup3 = 24,
  SYS_pipe2 = 59,
  SYS_prlimit64 = 261,
  SYS_close_range = 436,
};
static inline word call(word n, word a, word b, word c, word d, word e) {
  register word x8 __asm__("x8") = n;
  register word x0 __asm__("x0") = a;
  register word x1 __asm__("x1") = b;
  register word x2 __asm__("x2") = c;
  register word x3 __asm__("x3") = d;
  register word x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
__asm__(".globl _start\n_start: mov x29,#0; mov x30,#0; mov x0,sp; and x1,x0,#-16; mov sp,x1; bl begin");
#endif

enum { EINTR = 4, EEXIST = 17, EINVAL = 22, ENOENT = 2, ENOTDIR = 20, EAGAIN = 11 };
enum { AT_FDCWD = -100, O_WRONLY = 1, O_CREAT = 0100, O_EXCL = 0200, O_TRUNC = 01000, O_APPEND = 02000, O_CLOEXEC = 02000000 };
#if defined(__aarch64__)
enum { O_NOFOLLOW = 0100000 };
#else
enum { O_NOFOLLOW = 0400000 };
#endif
enum { SIGKILL = 9, SIGPIPE = 13, SIGCHLD = 17, SIGCONT = 18, WNOHANG = 1, SIG_SETMASK = 2 };
enum { PR_SET_PDEATHSIG = 1, PR_CAPBSET_READ = 23, PR_CAPBSET_DROP = 24, PR_SET_DUMPABLE = 4, PR_SET_CHILD_SUBREAPER = 36 };
enum { PR_CAP_AMBIENT = 47, PR_CAP_AMBIENT_CLEAR_ALL = 4, CAPABILITY_VERSION_3 = 0x20080522, MNT_DETACH = 2 };
enum { POLLIN = 1, RLIMIT_NOFILE = 7, F_DUPFD = 0, F_SETFD = 2, FD_CLOEXEC = 1, F_SETFL = 4, O_NONBLOCK = 04000 };
enum { AF_UNIX = 1, AF_INET = 2, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 02000000, SIOCSIFFLAGS = 0x8914, IFF_UP = 1 };
enum { CONTROL = 3, CLOCK_MONOTONIC = 1 };
/* 1 where it speaks on the descriptor after the one that it listens on. */
static int is_apart;
#define CONTROL_OUT (CONTROL + is_apart)
enum { FROM_OPERATIONS = 1, FROM_EXECUTE = 2, FROM_SIGNAL = 3, FROM_KILL = 4, FROM_FORK = 5 };
enum { TO_DONE = 1, TO_STDOUT = 2, TO_STDERR = 3, TO_ENDED = 4, TO_PID = 5, TO_HELLO = 6 };
enum { IS_MAIN = 1, IS_SILENT = 2 };
enum { CAP_SETUID = 7 };
enum { PR_SET_SECCOMP = 22, SECCOMP_MODE_FILTER = 2, CLONE_NEWUSER = 0x10000000 };
enum { COMMAND_FAILED = 125, COULD_NOT_START = 126, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

#define CALL(n, a, b, c) call(SYS_##n, (word)(a), (word)(b), (word)(c), 0, 0)
#define CALL5(n, a, b, c, d, e) call(SYS_##n, (word)(a), (word)(b), (word)(c), (word)(d), (word)(e))

static void leave(int code) {
  for (;;) CALL(exit_group, code, 0, 0);
}

/* The compiler makes calls to these by itself. */
__attribute__((used)) void *memcpy(void *to, const void *from, u64 count) {
  for (u64 i = 0; i < count; i++) ((u8 *)to)[i] = ((const u8 *)from)[i];
  return to;
}
__attribute__((used)) void *memset(void *to, int byte, u64 count) {
  for (u64 i = 0; i < count; i++) ((u8 *)to)[i] = (u8)byte;
  return to;
}

static u64 length_of(const char *text) {
  u64 n = 0;
  while (text[n]) n++;
  return n;
}

static u64 number_in(const char *text) {
  u64 n = 0;
  for (; *text >= '0' && *text <= '9'; text++) n = n * 10 + (u64)(*text - '0');
  return n;
}

/* Appends a decimal number; returns the new end. */
static char *put_number(char *at, u64 n) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + n % 10);
  while (n /= 10);
  while (count) *at++ = digits[--count];
  return at;
}

static char *put_text(char *at, const char *text) {
  while (*text) *at++ = *text++;
  return at;
}

/* --- frames ------------------------------------------------------------------------------------------------- */

enum { FRAME_MAX = 4 << 20, HEADER = 12, PIECE = 65536 };
static u8 input[FRAME_MAX + HEADER];
static u64 received;

static u32 u32_at(const u8 *at) {
  u32 n;
  memcpy(&n, at, 4);
  return n;
}

static int write_all(int fd, const u8 *bytes, u64 count) {
  while (count) {
    word n = CALL(write, fd, bytes, count);
    if (n == -EINTR) continue;
    if (n <= 0) return (int)(n ? -n : EINVAL);
    bytes += n;
    count -= (u64)n;
  }
  return 0;
}

/* Sends a frame whose payload stands behind room for its header, in one write, as a parent and its child may both send. */
static void send_frame(u32 type, u32 id, u8 *frame, u32 count) {
  u32 header[3] = {count, type, id};
  memcpy(frame, header, HEADER);
  /* The server takes everything at once: a write that fails means that it is gone. */
  if (write_all(CONTROL_OUT, frame, HEADER + (u64)count)) leave(COMMAND_FAILED);
}

static void send(u32 type, u32 id, const void *payload, u32 count) {
  u8 frame[HEADER + 8];
  memcpy(frame + HEADER, payload, count);
  send_frame(type, id, frame, count);
}

static void close_control(void) {
  CALL(close, CONTROL, 0, 0);
  CALL(close, CONTROL_OUT, 0, 0);
}

static void send_done(u32 id, int error, u32 index) {
  u32 payload[2] = {(u32)error, index};
  send(TO_DONE, id, payload, 8);
}

/* Reads more of the input; leaves when the server is gone. */
static void receive(void) {
  word n = CALL(read, CONTROL, input + received, sizeof input - received);
  if (n == -EINTR || n == -EAGAIN) return;
  if (n <= 0) leave(0);
  received += (u64)n;
}

/* The length of the first frame with its header, or 0 where it is not whole yet. */
static u64 whole_frame(void) {
  if (received < HEADER) return 0;
  u64 length = HEADER + (u64)u32_at(input);
  if (length > sizeof input) leave(COMMAND_FAILED);
  return received < length ? 0 : length;
}

static void forget_frame(u64 length) {
  received -= length;
  memcpy(input, input + length, received);
}

/* --- operations ---------------------------------------------------------------------------------------------- */

static word make_namespaces(u64 flags) {
  word child = call(SYS_clone, (word)(flags | SIGCHLD), 0, 0, 0, 0);
  if (child == 0) CALL(prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
  if (child <= 0) return child;
  /* The parent only tells who PID 1 is and waits for it: the socket, which both hold, is closed when no process is left. */
  u32 pid = (u32)child;
  send(TO_PID, 0, &pid, 4);
  int status = 0;
  while (CALL5(wait4, child, &status, 0, 0, 0) == -EINTR) {}
  leave(status & 127 ? 128 + (status & 127) : (status >> 8) & 255);
  return 0;
}

static word write_file(const char *path, int flags, int mode, const u8 *bytes, u64 count) {
  word fd = CALL5(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC | flags, mode, 0);
  if (fd < 0) return fd;
  int error = write_all((int)fd, bytes, count);
  if (!error && mode) error = (int)-CALL(fchmod, fd, mode, 0);
  CALL(close, fd, 0, 0);
  return -error;
}

/*
 * The old root goes away and is not just out of sight: as long as its /proc is mounted somewhere, the kernel lets a nested
 * user namespace mount one without our guards. With both arguments the same it is stacked on the new one (pivot_root(2)).
 */
static word change_root(const char *path) {
  word error = CALL(chdir, path, 0, 0);
  if (!error) error = CALL(pivot_root, ".", ".", 0);
  if (!error) error = CALL(umount2, ".", MNT_DETACH, 0);
  return error ? error : CALL(chdir, "/", 0, 0);
}

/*
 * What is asked of the kernel by whom: this processor's own programs, and those of its 32-bit predecessor, whose numbers differ
 * (linux/audit.h; syscall tables of both).
 */
#if defined(__x86_64__)
enum { ARCH = 0xc000003eu, NR_UNSHARE = 272, NR_CLONE = 56, NR_ADD_KEY = 248, NR_REQUEST_KEY = 249, NR_KEYCTL = 250 };
enum { ARCH_32 = 0x40000003, NR_UNSHARE_32 = 310, NR_CLONE_32 = 120, NR_ADD_KEY_32 = 286, NR_REQUEST_KEY_32 = 287, NR_KEYCTL_32 = 288 };
#else
enum { ARCH = 0xc00000b7u, NR_UNSHARE = 97, NR_CLONE = 220, NR_ADD_KEY = 217, NR_REQUEST_KEY = 218, NR_KEYCTL = 219 };
enum { ARCH_32 = 0x40000028, NR_UNSHARE_32 = 337, NR_CLONE_32 = 120, NR_ADD_KEY_32 = 309, NR_REQUEST_KEY_32 = 310, NR_KEYCTL_32 = 311 };
#endif
enum { NR_CLONE3 = 435, NR_X32 = 0x40000000 };
enum { AT_NR = 0, AT_ARCH = 4, AT_FIRST_ARGUMENT = 16 };
enum { ALLOWED = 0x7fff0000, REFUSED = 0x50000, EPERM = 1, ENOSYS = 38 };

struct instruction { unsigned short code; u8 if_true, if_false; u32 k; };
#define LOAD(at) {0x20, 0, 0, at}
#define RETURN(what) {0x06, 0, 0, what}
/* Where it is so, on to another line; else to the next. */
#define IF(code, line, k, target) {code, (target) - (line) - 1, 0, k}
#define IF_EQUAL(line, k, target) IF(0x15, line, k, target)
enum { COMPAT = 13, FLAGS = 21, NOT_PERMITTED = 24, NOT_KNOWN = 25 };

/*
 * For all that runs in the Machine, from here on: no new user namespaces, in which root would have all rights again and could
 * mount the computer's cgroups, and none of the kernel's keys, which are the computer's (as docker does, moby's seccomp profile).
 * The flags of clone3 stand in memory, where a filter can not look, so that it is as if there were none; C libraries then use clone.
 */
static word guard(void) {
  static const struct instruction filter[] = {
    LOAD(AT_ARCH),
    IF_EQUAL(1, ARCH, 4),
    IF_EQUAL(2, ARCH_32, COMPAT),
    RETURN(REFUSED | ENOSYS),
    LOAD(AT_NR),
    IF(0x35, 5, NR_X32, NOT_KNOWN),
    IF_EQUAL(6, NR_UNSHARE, FLAGS),
    IF_EQUAL(7, NR_CLONE, FLAGS),
    IF_EQUAL(8, NR_CLONE3, NOT_KNOWN),
    IF_EQUAL(9, NR_ADD_KEY, NOT_PERMITTED),
    IF_EQUAL(10, NR_REQUEST_KEY, NOT_PERMITTED),
    IF_EQUAL(11, NR_KEYCTL, NOT_PERMITTED),
    RETURN(ALLOWED),
    LOAD(AT_NR), /* COMPAT */
    IF_EQUAL(14, NR_UNSHARE_32, FLAGS),
    IF_EQUAL(15, NR_CLONE_32, FLAGS),
    IF_EQUAL(16, NR_CLONE3, NOT_KNOWN),
    IF_EQUAL(17, NR_ADD_KEY_32, NOT_PERMITTED),
    IF_EQUAL(18, NR_REQUEST_KEY_32, NOT_PERMITTED),
    IF_EQUAL(19, NR_KEYCTL_32, NOT_PERMITTED),
    RETURN(ALLOWED),
    LOAD(AT_FIRST_ARGUMENT), /* FLAGS */
    IF(0x45, 22, CLONE_NEWUSER, NOT_PERMITTED),
    RETURN(ALLOWED),
    RETURN(REFUSED | EPERM), /* NOT_PERMITTED */
    RETURN(REFUSED | ENOSYS), /* NOT_KNOWN */
  };
  struct { unsigned short length; const struct instruction *filter; } program = {sizeof filter / sizeof *filter, filter};
  return CALL(prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Brings a network interface up, which a new network namespace's loopback is not. */
static word bring_up(const char *name) {
  struct { char name[16]; short flags; char rest[22]; } request = {.flags = IFF_UP};
  u64 length = length_of(name);
  if (length >= sizeof request.name) return -EINVAL;
  memcpy(request.name, name, length);
  word fd = CALL(socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  word error = CALL(ioctl, fd, SIOCSIFFLAGS, &request);
  CALL(close, fd, 0, 0);
  return error;
}

/* "oom_kill 2" has 2 after "oom_kill ", and "100000 100000" has 100000 after nothing. */
static word number_of(const char *path, const char *name) {
  char text[1024];
  word fd = CALL5(openat, AT_FDCWD, path, O_CLOEXEC, 0, 0);
  if (fd < 0) return fd;
  word n = CALL(read, fd, text, sizeof text - 1);
  CALL(close, fd, 0, 0);
  if (n < 0) return n;
  text[n] = 0;
  for (char *line = text; *line;) {
    u64 same = 0;
    while (name[same] && line[same] == name[same]) same++;
    if (!name[same]) return (word)number_in(line + same);
    while (*line && *line != '\n') line++;
    if (*line) line++;
  }
  return -ENOENT;
}

/*
 * Carries out one operation: a letter and its NUL-ended arguments, numbers in decimal.
 *   U flags                              unshare
 *   N flags                              clone; what follows is done by the child, PID 1 if a PID namespace is among them
 *   M source target type flags data      mount
 *   D path mode                          mkdir, unless it is there
 *   L target path                        symlink, unless it is there
 *   F path                               an empty file, unless it is there
 *   C path mode device                   a character device, unless it is there
 *   G                                    keeps all that is run from here on from new user namespaces and the kernel's keys
 *   R path                               makes a mounted directory the root
 *   H name                               host name
 *   I name                               brings a network interface up
 *   W path text                          writes into a file that is there
 *   S signal                             signals every process but PID 1; the kernel lets none fork meanwhile
 *   B path mode count bytes              makes a file of these bytes; a link in its place is replaced
 *   A path count bytes                   adds bytes to it
 *   K path name                          reads the number after the name that a line of a cgroup's file begins with
 */
static word operate(char letter, char **arguments, const u8 *bytes, u64 count) {
  char **a = arguments;
  switch (letter) {
    case 'U': return CALL(unshare, number_in(a[0]), 0, 0);
    case 'N': return make_namespaces(number_in(a[0]));
    case 'M': return CALL5(mount, a[0], a[1], a[2], number_in(a[3]), a[4]);
    case 'D': return CALL(mkdirat, AT_FDCWD, a[0], number_in(a[1]));
    case 'L': return CALL(symlinkat, a[0], AT_FDCWD, a[1]);
    case 'F': return write_file(a[0], O_CREAT | O_EXCL, 0644, 0, 0);
    case 'C': return CALL5(mknodat, AT_FDCWD, a[0], number_in(a[1]), number_in(a[2]), 0);
    case 'G': return guard();
    case 'R': return change_root(a[0]);
    case 'H': return CALL(sethostname, a[0], length_of(a[0]), 0);
    case 'I': return bring_up(a[0]);
    case 'W': return write_file(a[0], 0, 0, (u8 *)a[1], length_of(a[1]));
    case 'S': return CALL(kill, -1, number_in(a[0]), 0);
    case 'B':
      CALL(unlinkat, AT_FDCWD, a[0], 0);
      return write_file(a[0], O_CREAT | O_TRUNC | O_NOFOLLOW, (int)number_in(a[1]), bytes, count);
    case 'A': return write_file(a[0], O_APPEND | O_NOFOLLOW, 0, bytes, count);
    case 'K': return number_of(a[0], a[1]);
  }
  return -EINVAL;
}

static int count_arguments(char letter) {
  switch (letter) {
    case 'G': return 0;
    case 'U': case 'N': case 'F': case 'R': case 'H': case 'S': case 'I': return 1;
    case 'D': case 'L': case 'W': case 'A': case 'K': return 2;
    case 'C': case 'B': return 3;
    case 'M': return 5;
  }
  return -1;
}

/* Carries out all operations of a payload. A small letter is one for a path that need not be there. */
static void operate_all(u32 id, u8 *at, const u8 *end) {
  u32 read = 0;
  for (u32 index = 0; at < end; index++) {
    char given = (char)*at++;
    char letter = (char)(given >= 'a' ? given - 32 : given);
    int count = count_arguments(letter);
    char *arguments[5];
    for (int i = 0; i < count; i++) {
      arguments[i] = (char *)at;
      while (at < end && *at) at++;
      at++;
    }
    u64 bytes = letter == 'A' ? number_in(arguments[1]) : letter == 'B' ? number_in(arguments[2]) : 0;
    int malformed = count < 0 || at > end || bytes > (u64)(end - at);
    word result = malformed ? -EINVAL : operate(letter, arguments, at, bytes);
    at += bytes;
    read = result > 0 ? (u32)result : 0;
    int is_there = result == -EEXIST && (letter == 'D' || letter == 'L' || letter == 'F' || letter == 'C');
    int is_passed_over = result == -ENOENT && given != letter;
    if (malformed || (result < 0 && !is_there && !is_passed_over)) return send_done(id, (int)-result, index);
  }
  send_done(id, 0, read);
}

/* --- commands ------------------------------------------------------------------------------------------------ */

/* OPEN_FILES is what Fly's init sets (superfly/init-snapshot). */
enum { COMMANDS_MAX = 128, STRINGS_MAX = 65536, OPEN_FILES = 10240 };
/* A main process that writes without end is read this much at a time with a rest after it, so that the server has time for
 * others. What it wrote before its end is read as far as the largest pipe goes (pipe(7)); what others write is not. */
enum { MAIN_BYTES = 4 * PIECE, MAIN_REST_MS = 10, LAST_PIECES = 16 };

/* A started command. A free place has pid 0. */
struct command {
  u32 id;
  word pid;      /* of the command if it is the main one, else of its keeper */
  int flags;
  int out, err;  /* -1 when closed */
  int verdict;   /* where a keeper tells the command's wait status and pid; -1 for the main one */
  word inner;    /* the command's own pid */
  int ended;
  int killed;
  u32 status;
  u32 taken;     /* of the main one's streams since its last rest */
  u64 rests;     /* until then its streams are left alone; 0 when not */
};
static struct command commands[COMMANDS_MAX];
static char *strings[STRINGS_MAX];

static const char *path_in(char **environment) {
  for (; *environment; environment++) {
    char *e = *environment;
    if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=') return e + 5;
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* Replaces this process by a program, looked up in PATH like execvp(3) does. */
static void become(char **arguments, char **environment) {
  char file[4096];
  const char *name = arguments[0];
  for (const char *c = name; *c; c++) {
    if (*c != '/') continue;
    word error = CALL(execve, name, arguments, environment);
    leave(error == -ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
  }
  int code = NOT_FOUND;
  u64 name_length = length_of(name);
  for (const char *path = path_in(environment); *name; path++) {
    u64 n = 0;
    while (path[n] && path[n] != ':') n++;
    if (n + name_length + 2 <= sizeof file) {
      memcpy(file, path, n);
      file[n] = '/';
      memcpy(file + n + (n > 0), name, name_length + 1);
      word error = CALL(execve, file, arguments, environment);
      if (error != -ENOENT && error != -ENOTDIR) code = NOT_EXECUTABLE;
    }
    path += n;
    if (!*path) break;
  }
  leave(code);
}

/* Offsets in the payload of EXECUTE. */
enum { AT_FLAGS = 0, AT_UID = 4, AT_GID = 8, AT_ARGC = 12, AT_ENVC = 16, AT_CAPABILITIES = 20, AT_STRINGS = 28 };

/* Gives up for good, also for programs that are run later, all capabilities but these; leaves where that can not be done. */
static void limit_capabilities(u64 kept) {
  CALL5(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (word i = 0; i < 64; i++) {
    word is_bounding = CALL(prctl, PR_CAPBSET_READ, i, 0);
    if (is_bounding < 0) break;
    if (is_bounding && !(kept >> i & 1) && CALL(prctl, PR_CAPBSET_DROP, i, 0)) leave(COMMAND_FAILED);
  }
  u32 header[2] = {CAPABILITY_VERSION_3, 0};
  u32 sets[6];
  if (CALL(capget, header, sets, 0)) leave(COMMAND_FAILED);
  for (int half = 0; half < 2; half++) {
    u32 mask = (u32)(kept >> (32 * half));
    sets[3 * half] &= mask;
    sets[3 * half + 1] &= mask;
    sets[3 * half + 2] = 0;
  }
  if (CALL(capset, header, sets, 0)) leave(COMMAND_FAILED);
}

/* In the command's process: streams, rights and place as asked, then the program. */
static void start(const u8 *payload, int out, int err) {
  u32 uid = u32_at(payload + AT_UID), gid = u32_at(payload + AT_GID);
  u32 argc = u32_at(payload + AT_ARGC), envc = u32_at(payload + AT_ENVC);
  u64 capabilities;
  memcpy(&capabilities, payload + AT_CAPABILITIES, 8);
  CALL(umask, 022, 0, 0);
  CALL(setsid, 0, 0, 0);
  word null = CALL5(openat, AT_FDCWD, "/dev/null", 2 | O_CLOEXEC, 0, 0);
  CALL(dup3, null, 0, 0);
  CALL(dup3, out < 0 ? null : out, 1, 0);
  CALL(dup3, err < 0 ? null : err, 2, 0);
  if (uid || gid) {
    u32 groups[1] = {gid};
    if (CALL(setgroups, 1, groups, 0) || CALL(setgid, gid, 0, 0)) leave(COMMAND_FAILED);
  }
  /* In between: it takes rights to give up rights, and to become another user. */
  u64 changing_user = uid ? 1ul << CAP_SETUID : 0;
  limit_capabilities(capabilities | changing_user);
  if (uid && CALL(setuid, uid, 0, 0)) leave(COMMAND_FAILED);
  u64 open_files[2] = {OPEN_FILES, OPEN_FILES};
  CALL5(prlimit64, 0, RLIMIT_NOFILE, open_files, 0, 0);
  u64 none = 0;
  CALL5(rt_sigprocmask, SIG_SETMASK, &none, 0, 8, 0);
  char *at = (char *)payload + AT_STRINGS;
  if (CALL(chdir, at, 0, 0)) leave(COMMAND_FAILED);
  at += length_of(at) + 1;
  for (u32 i = 0; i < argc + envc + 1; i++) {
    if (i == argc) {
      strings[i] = 0;
      continue;
    }
    strings[i] = at;
    at += length_of(at) + 1;
  }
  strings[argc + envc + 1] = 0;
  become(strings, strings + argc + 1);
}

/*
 * In the keeper's process: it starts the command, tells how that ended, and adopts what it leaves behind, so that all of it
 * can be found and killed. It goes when it has nobody left.
 */
static void keep(const u8 *payload, int out, int err, int verdict) {
  close_control();
  CALL(prctl, PR_SET_CHILD_SUBREAPER, 1, 0);
  word child = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) start(payload, out, err);
  if (out >= 0) CALL(close, out, 0, 0);
  if (err >= 0) CALL(close, err, 0, 0);
  u32 told = child < 0 ? 0 : (u32)child;
  CALL(write, verdict, &told, 4);
  if (child < 0) leave(COMMAND_FAILED);
  for (;;) {
    int status = 0;
    word pid = CALL5(wait4, -1, &status, 0, 0, 0);
    if (pid < 0 && pid != -EINTR) leave(0);
    told = (u32)status;
    if (pid == child) CALL(write, verdict, &told, 4);
  }
}

static struct command *command_of(u32 id) {
  for (int i = 0; i < COMMANDS_MAX; i++)
    if (commands[i].pid && commands[i].id == id) return &commands[i];
  return 0;
}

static void close_fd(int *fd) {
  if (*fd >= 0) CALL(close, *fd, 0, 0);
  *fd = -1;
}

/* Whether the strings that a payload announces are all in it. */
static int is_whole(const u8 *payload, u32 count) {
  if (count <= AT_STRINGS || payload[count - 1]) return 0;
  u64 argc = u32_at(payload + AT_ARGC), expected = 1 + argc + u32_at(payload + AT_ENVC), found = 0;
  for (u32 i = AT_STRINGS; i < count; i++) found += !payload[i];
  return expected == found && argc > 0 && expected + 2 < STRINGS_MAX;
}

static void execute(u32 id, const u8 *payload, u32 count) {
  struct command *c = 0;
  for (int i = 0; i < COMMANDS_MAX && !c; i++)
    if (!commands[i].pid) c = &commands[i];
  if (!is_whole(payload, count)) return send_done(id, EINVAL, 0);
  if (!c) return send_done(id, EAGAIN, 0);
  int flags = (int)u32_at(payload + AT_FLAGS);
  int out[2] = {-1, -1}, err[2] = {-1, -1}, verdict[2] = {-1, -1};
  word error = 0;
  if (!(flags & IS_SILENT)) {
    error = CALL(pipe2, out, O_CLOEXEC, 0);
    if (!error) error = CALL(pipe2, err, O_CLOEXEC, 0);
  }
  if (!error && !(flags & IS_MAIN)) error = CALL(pipe2, verdict, O_CLOEXEC, 0);
  word pid = error ? error : call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) {
    if (flags & IS_MAIN) start(payload, out[1], err[1]);
    keep(payload, out[1], err[1], verdict[1]);
  }
  close_fd(&out[1]);
  close_fd(&err[1]);
  close_fd(&verdict[1]);
  if (out[0] >= 0) CALL(fcntl, out[0], F_SETFL, O_NONBLOCK);
  if (err[0] >= 0) CALL(fcntl, err[0], F_SETFL, O_NONBLOCK);
  if (pid < 0) {
    close_fd(&out[0]);
    close_fd(&err[0]);
    close_fd(&verdict[0]);
    return send_done(id, (int)-pid, 0);
  }
  *c = (struct command){.id = id, .pid = pid, .flags = flags, .out = out[0], .err = err[0], .verdict = verdict[0]};
  if (flags & IS_MAIN) c->inner = pid;
  send_done(id, 0, 0);
}

/* Kills all below a process, reading /proc/<pid>/task/<pid>/children, of which one read gives whole numbers. */
static void kill_below(word pid, int depth) {
  char path[64], text[4096];
  char *end = put_text(path, "/proc/");
  end = put_number(end, (u64)pid);
  end = put_text(end, "/task/");
  end = put_number(end, (u64)pid);
  *put_text(end, "/children") = 0;
  word fd = CALL5(openat, AT_FDCWD, path, O_CLOEXEC, 0, 0);
  if (fd < 0) return;
  word n = CALL(read, fd, text, sizeof text - 1);
  CALL(close, fd, 0, 0);
  if (n <= 0) return;
  text[n] = 0;
  for (char *at = text; *at;) {
    word child = (word)number_in(at);
    while (*at >= '0' && *at <= '9') at++;
    while (*at == ' ') at++;
    if (!child) break;
    if (depth < 64) kill_below(child, depth + 1);
    CALL(kill, child, SIGKILL, 0);
  }
}

/* A keeper that a command has killed left its own to nobody: they end with the Machine, and nobody waits for their output. */
static void kill_kept(struct command *c) {
  if (c->verdict >= 0) {
    kill_below(c->pid, 0);
    /* It may have been stopped by what it keeps. */
    CALL(kill, c->pid, SIGCONT, 0);
    return;
  }
  close_fd(&c->out);
  close_fd(&c->err);
}

/* Again and again until the keeper has nobody left, for some may be made while others are killed. */
static void kill_all_of(struct command *c) {
  if (c->verdict < 0 && c->inner == c->pid) {
    CALL(kill, c->pid, SIGKILL, 0);
    return;
  }
  c->killed = 1;
  kill_kept(c);
}

/* Tells the end of a command of which nothing more is to come, and frees its place. */
static void settle(struct command *c) {
  if (!c->pid || !c->ended) return;
  if (!(c->flags & IS_MAIN) && (c->out >= 0 || c->err >= 0 || (c->killed && c->verdict >= 0))) return;
  send(TO_ENDED, c->id, &c->status, 4);
  close_fd(&c->verdict);
  if (c->flags & IS_MAIN) {
    close_fd(&c->out);
    close_fd(&c->err);
  }
  c->pid = 0;
}

static u64 now_ms(void) {
  word time[2] = {0, 0};
  CALL(clock_gettime, CLOCK_MONOTONIC, time, 0);
  return (u64)time[0] * 1000 + (u64)time[1] / 1000000;
}

/* Passes on some of what a stream has; false when there is no more for now. A stream that is over is closed. */
static int pass_on(struct command *c, int *fd, u32 type) {
  static u8 frame[HEADER + PIECE];
  word n = *fd < 0 ? -EAGAIN : CALL(read, *fd, frame + HEADER, PIECE);
  if (n == -EINTR || n == -EAGAIN) return 0;
  if (n <= 0) close_fd(fd);
  else send_frame(type, c->id, frame, (u32)n);
  if (n > 0 && c->flags & IS_MAIN && (c->taken += (u32)n) >= MAIN_BYTES) {
    c->taken = 0;
    c->rests = now_ms() + MAIN_REST_MS;
  }
  return n > 0;
}

/* Reads what a keeper tells: first the command's pid, then its wait status. */
static void hear(struct command *c) {
  u32 told[2];
  word n = CALL(read, c->verdict, told, sizeof told);
  if (n == -EINTR) return;
  int at = 0;
  if (n >= 4 && !c->inner) {
    c->inner = (word)told[at++];
    if (!c->inner) c->status = COULD_NOT_START << 8, c->ended = 1;
  }
  if (n >= 4 * (at + 1)) {
    c->status = told[at];
    c->ended = 1;
  }
  if (n <= 0) {
    /* A keeper that was killed tells nothing more: its command is taken for killed, too. */
    if (!c->ended) c->status = SIGKILL;
    c->ended = 1;
    close_fd(&c->verdict);
  }
}

/* Reaps every child that has ended: main processes, keepers and orphans. */
static void reap(void) {
  for (;;) {
    int status = 0;
    word pid = CALL5(wait4, -1, &status, WNOHANG, 0, 0);
    if (pid <= 0) return;
    for (int i = 0; i < COMMANDS_MAX; i++) {
      struct command *c = &commands[i];
      if (c->pid != pid || !(c->flags & IS_MAIN)) continue;
      for (int piece = 0; piece < LAST_PIECES && pass_on(c, &c->out, TO_STDOUT); piece++) {}
      for (int piece = 0; piece < LAST_PIECES && pass_on(c, &c->err, TO_STDERR); piece++) {}
      c->status = (u32)status;
      c->ended = 1;
    }
  }
}

static void obey(u32 type, u32 id, u8 *payload, u32 count) {
  struct command *c = command_of(id);
  if (type == FROM_OPERATIONS) operate_all(id, payload, payload + count);
  else if (type == FROM_EXECUTE) execute(id, payload, count);
  else if (type == FROM_SIGNAL && c && c->inner && !c->ended && count >= 4) CALL(kill, c->inner, u32_at(payload), 0);
  else if (type == FROM_KILL && c) kill_all_of(c);
}

/* --- the loop ------------------------------------------------------------------------------------------------ */

struct pollfd {
  int fd;
  short events, revents;
};
/* Those in use, one after the other: the kernel takes no more than the limit of open files. */
static struct pollfd polled[2 + 3 * COMMANDS_MAX];
static u32 polled_count;

/* Returns the index. Closed ones are left out. */
static u32 watch(int fd) {
  if (fd < 0) return ~0u;
  polled[polled_count] = (struct pollfd){.fd = fd, .events = POLLIN};
  return polled_count++;
}

static int has_news(u32 index) {
  return index != ~0u && polled[index].revents;
}

enum { KILL_AGAIN_FIRST_NS = 1000000, KILL_AGAIN_LAST_NS = 100000000 };

static void serve(int children) {
  static struct {
    u32 out, err, verdict;
  } at[COMMANDS_MAX];
  u64 again[2] = {0, KILL_AGAIN_FIRST_NS};
  for (;;) {
    for (u64 length; (length = whole_frame()); forget_frame(length))
      obey(u32_at(input + 4), u32_at(input + 8), input + HEADER, u32_at(input));
    int is_killing = 0, is_resting = 0;
    polled_count = 0;
    watch(CONTROL);
    watch(children);
    for (int i = 0; i < COMMANDS_MAX; i++) {
      struct command *c = &commands[i];
      if (!c->pid) continue;
      if (c->rests && c->rests <= now_ms()) c->rests = 0;
      at[i].out = watch(c->rests ? -1 : c->out);
      at[i].err = watch(c->rests ? -1 : c->err);
      at[i].verdict = watch(c->verdict);
      is_killing |= c->killed;
      is_resting |= c->rests != 0;
    }
    if (!is_killing) again[1] = KILL_AGAIN_FIRST_NS;
    u64 rest[2] = {0, MAIN_REST_MS * 1000000};
    u64 *patience = is_killing ? again : is_resting ? rest : 0;
    word ready = CALL5(ppoll, polled, polled_count, patience, 0, 0);
    if (ready < 0 && ready != -EINTR) leave(COMMAND_FAILED);
    if (ready < 0) continue;
    if (ready == 0 && again[1] < KILL_AGAIN_LAST_NS) again[1] *= 2;
    if (has_news(1)) {
      u8 ignored[128];
      CALL(read, children, ignored, sizeof ignored);
      reap();
    }
    for (int i = 0; i < COMMANDS_MAX; i++) {
      struct command *c = &commands[i];
      if (!c->pid) continue;
      if (has_news(at[i].out)) pass_on(c, &c->out, TO_STDOUT);
      if (has_news(at[i].err)) pass_on(c, &c->err, TO_STDERR);
      if (has_news(at[i].verdict)) hear(c);
      if (c->killed) kill_kept(c);
      settle(c);
    }
    if (has_news(0)) receive();
  }
}

/* --- the zygote ---------------------------------------------------------------------------------------------- */

/* In a process that was just forked: turns to the server on a connection of its own. Returns an errno, negated. */
static word turn_to_server(const char *token, const char *path, const char *directory) {
  struct { unsigned short family; char path[108]; } address = {.family = AF_UNIX};
  u64 length = length_of(path);
  if (length >= sizeof address.path) return -EINVAL;
  memcpy(address.path, path, length);
  word fd = CALL(socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  word error = CALL(connect, fd, &address, sizeof address);
  if (!error) error = CALL(chdir, directory, 0, 0);
  if (error) return error;
  CALL(setsid, 0, 0, 0);
  CALL(dup3, fd, CONTROL, O_CLOEXEC);
  CALL(close, fd, 0, 0);
  u8 hello[HEADER + 64];
  length = length_of(token);
  if (length > sizeof hello - HEADER) return -EINVAL;
  memcpy(hello + HEADER, token, length);
  send_frame(TO_HELLO, 0, hello, (u32)length);
  return 0;
}

/* Forks an init as a frame says. True in the init. */
static int fork_init(u32 id, char *payload, u32 count) {
  char *texts[3];
  u32 at = 0;
  for (int i = 0; i < 3; i++) {
    texts[i] = payload + at;
    while (at < count && payload[at]) at++;
    if (at++ >= count) return send_done(id, EINVAL, 0), 0;
  }
  word pid = call(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) send_done(id, (int)-pid, 0);
  if (pid) return 0;
  word error = turn_to_server(texts[0], texts[1], texts[2]);
  if (!error) return 1;
  send_done(id, (int)-error, 0);
  leave(COMMAND_FAILED);
  return 0;
}

/* Forks inits as long as the server lives. Returns in each of them. */
static void fork_inits(int children) {
  for (;;) {
    for (u64 length; (length = whole_frame()); forget_frame(length)) {
      if (u32_at(input + 4) != FROM_FORK) leave(COMMAND_FAILED);
      if (!fork_init(u32_at(input + 8), (char *)input + HEADER, u32_at(input))) continue;
      received = 0;
      return;
    }
    polled_count = 0;
    watch(CONTROL);
    watch(children);
    word ready = CALL5(ppoll, polled, polled_count, 0, 0, 0);
    if (ready < 0) continue;
    if (has_news(1)) {
      u8 ignored[128];
      CALL(read, children, ignored, sizeof ignored);
      while (CALL5(wait4, -1, 0, WNOHANG, 0, 0) > 0) {}
    }
    if (has_news(0)) receive();
  }
}

/* A descriptor that can be read when a child has ended. */
static int ends_of_children(void) {
  u64 child_ends = 1ul << (SIGCHLD - 1);
  word fd = CALL5(signalfd4, -1, &child_ends, 8, O_CLOEXEC, 0);
  if (fd < 0) leave(COMMAND_FAILED);
  return (int)fd;
}

/* What the server inherited from whoever started it is not the Machine's. Not before Linux 5.9: one by one. */
static void close_inherited(void) {
  if (CALL(close_range, CONTROL_OUT + 1, ~0u, 0) == 0) return;
  for (int fd = CONTROL_OUT + 1; fd < 65536; fd++) CALL(close, fd, 0, 0);
}

/* Puts its streams where it expects the server, and nothing in their place. */
static void take_streams(void) {
  word null = CALL5(openat, AT_FDCWD, "/dev/null", 2 | O_CLOEXEC, 0, 0);
  if (null >= 0 && null <= CONTROL + 1) null = CALL(fcntl, null, F_DUPFD, CONTROL + 2);
  is_apart = 1;
  CALL(dup3, 0, CONTROL, 0);
  CALL(dup3, 1, CONTROL_OUT, 0);
  CALL(dup3, null, 0, 0);
  CALL(dup3, null, 1, 0);
}

/* At the top of the stack the kernel puts the count of arguments, of which the first is the program's name. */
__attribute__((used, noreturn)) void begin(const word *stack) {
  if (stack[0] > 1) take_streams();
  close_inherited();
  /* Modes of what is made here are as said; those of commands are what umask(2) makes of them, see start(). */
  CALL(umask, 0, 0, 0);
  CALL(fcntl, CONTROL, F_SETFD, FD_CLOEXEC);
  CALL(fcntl, CONTROL_OUT, F_SETFD, FD_CLOEXEC);
  u64 blocked = 1ul << (SIGCHLD - 1) | 1ul << (SIGPIPE - 1);
  CALL5(rt_sigprocmask, SIG_SETMASK, &blocked, 0, 8, 0);
  u64 length;
  while (!(length = whole_frame())) receive();
  if (u32_at(input + 4) == FROM_FORK) {
    int children = ends_of_children();
    fork_inits(children);
    CALL(close, children, 0, 0);
    while (!(length = whole_frame())) receive();
  }
  operate_all(u32_at(input + 8), input + HEADER, input + length);
  forget_frame(length);
  /* Only now: a process that is not dumpable may not write its own uid_map. */
  CALL(prctl, PR_SET_DUMPABLE, 0, 0);
  serve(ends_of_children());
  __builtin_unreachable();
}
