#include "board/line_coding.h"

// Not <termios.h>: it knows only the standard speeds, and 28800 is none.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <sys/ioctl.h>

namespace vphoton {

static_assert(kSettingsChanged == TIOCPKT_IOCTL);

uint32_t line_speed(int master) {
  termios2 mode;
  return ioctl(master, TCGETS2, &mode) == 0 ? mode.c_ospeed : 0;
}

// Packet mode is off meanwhile, or this change would be told like a host's.
bool watch_settings(int master) {
  int off = 0, on = 1;
  termios2 mode;
  if (ioctl(master, TCGETS2, &mode) != 0) return false;
  if (!(mode.c_lflag & EXTPROC)) {
    mode.c_lflag |= EXTPROC;
    if (ioctl(master, TIOCPKT, &off) != 0 || ioctl(master, TCSETS2, &mode) != 0) return false;
  }
  return ioctl(master, TIOCPKT, &on) == 0;
}

void set_default_speed(int master) {
  int off = 0, on = 1;
  termios2 mode;
  if (ioctl(master, TCGETS2, &mode) != 0) return;
  mode.c_cflag = (mode.c_cflag & ~static_cast<tcflag_t>(CBAUD)) | B9600;
  mode.c_ispeed = mode.c_ospeed = 9600;
  ioctl(master, TIOCPKT, &off);
  ioctl(master, TCSETS2, &mode);
  ioctl(master, TIOCPKT, &on);
}

}  // namespace vphoton
