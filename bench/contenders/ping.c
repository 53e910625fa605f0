/* C's blocking calls: how fast a round trip can be here at all. ../_roles.ts
 * says what `echo` and `ping` are; only these two are played. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void send_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t sent = send(fd, data, size, 0);
    if (sent < 0) fail("send");
    data += sent;
    size -= (size_t)sent;
  }
}

static void ping(int fd, char *message, char *reply, size_t size, long times) {
  for (long i = 0; i < times; i++) {
    message[0] = (char)i;
    send_all(fd, message, size);
    for (size_t got = 0; got < size;) {
      ssize_t count = recv(fd, reply + got, size - got, 0);
      if (count <= 0) fail("recv");
      got += (size_t)count;
    }
    if (reply[0] != message[0]) fail("The echo is not mine");
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  size_t size = (size_t)atol(argv[3]);
  long count = atol(argv[4]);
  int is_path = strchr(argv[2], '/') != NULL;
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  struct sockaddr_in inet = {.sin_family = AF_INET};
  socklen_t length = is_path ? sizeof path : sizeof inet;
  struct sockaddr *address =
      is_path ? (struct sockaddr *)&path : (struct sockaddr *)&inet;
  inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (is_path) snprintf(path.sun_path, sizeof path.sun_path, "%s", argv[2]);
  else inet.sin_port = htons((unsigned short)atoi(argv[2]));
  char *message = calloc(1, size), *reply = calloc(1, size);

  int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  if (strcmp(argv[1], "ping") == 0) {
    if (connect(fd, address, length) < 0) fail("connect");
    ping(fd, message, reply, size, count);
    double start = now();
    ping(fd, message, reply, size, count);
    printf("%.9f\n", now() - start);
    return 0;
  }
  if (bind(fd, address, length) < 0) fail("bind");
  if (listen(fd, 1) < 0) fail("listen");
  if (getsockname(fd, address, &length) < 0) fail("getsockname");
  if (is_path) printf("%s\n", argv[2]);
  else printf("%d\n", ntohs(inet.sin_port));
  fflush(stdout);
  int conn = accept(fd, NULL, NULL);
  if (conn < 0) fail("accept");
  for (ssize_t got; (got = recv(conn, reply, size, 0)) > 0;) {
    send_all(conn, reply, (size_t)got);
  }
  return 0;
}
