# Debian packages, users and owners in RUN where there is one id: apt-get, dpkg, useradd, chown and what gives up being root work,
# and the image has the owners that they asked for. With subordinate ids the same Dockerfile gives the same owners.
# needs: debian
# as: single user
. "$(dirname "$0")/lib.sh"
same() { [ "$1" = "$2" ] || { printf 'not the same:\n%s\n--- wanted ---\n%s\n' "$1" "$2" >&2; exit 1; }; }
debian_store
# cron makes a group and gives its program to it; apt-get becomes _apt to fetch.
build -t t <<'D' >/dev/null
FROM debian:apt
RUN apt-get update && apt-get install -y --no-install-recommends cron hello && rm -rf /var/lib/apt/lists/*
RUN dpkg --audit && dpkg --verify cron hello && apt-get purge -y hello && apt-get autoremove -y && ! test -e /usr/bin/hello
RUN groupadd -g 500 rocks && useradd -m -u 1500 -g rocks -G games stone && usermod -aG daemon stone && echo stone:secret | chpasswd
RUN mkdir -p /srv/deep/er && touch /srv/deep/er/file /srv/one && ln -s one /srv/link && chown -R stone:rocks /srv && chown root /srv/one && chmod 4755 /srv/one
RUN install -o stone -g games -m 2750 -d /srv/installed && install -o daemon -g rocks -m 640 /etc/hostname /srv/installed/name && chgrp 77 /srv/deep
RUN mv /srv/deep /srv/moved && cp -a /srv/one /srv/copied && touch /srv/new && tar -C /srv -cf - moved | tar -C /var/tmp -xpf -
RUN su stone -c 'mkdir -p ~/own && touch ~/own/file' && setpriv --reuid stone --regid rocks --clear-groups touch /home/stone/other && runuser -u stone -- true
RUN userdel games && ! id games 2>/dev/null && passwd -l stone && chage -M 90 stone
USER stone
WORKDIR /home/stone
RUN touch mine && test -w mine
D
owners() { shale export t | tar --numeric-owner -tvp "$@" 2>/dev/null | awk '{print $1, $2, $6}' | sort -k 3; }
# Who asks whose a file is hears root with one id, and so a copy is root's.
link=1500/500 copied=0/500
[ "$one_id" = no ] || link=0/0 copied=0/0
same "$(owners srv)" "drwxr-xr-x 1500/500 srv/
-rwsr-xr-x $copied srv/copied
drwxr-s--- 1500/60 srv/installed/
-rw-r----- 1/500 srv/installed/name
lrwxrwxrwx $link srv/link
drwxr-xr-x 1500/77 srv/moved/
drwxr-xr-x 1500/500 srv/moved/er/
-rw-r--r-- 1500/500 srv/moved/er/file
-rw-r--r-- 0/0 srv/new
-rwsr-xr-x 0/500 srv/one"
same "$(owners usr/bin/crontab var/spool/cron/crontabs | sed 's/ 0\/[1-9][0-9]* / 0\/crontab /')" \
    "-rwxr-sr-x 0/crontab usr/bin/crontab
drwx-wx--T 0/crontab var/spool/cron/crontabs/"
same "$(owners home/stone | awk '{print $3}' | sort | tr '\n' ' ')" "$(echo home/stone/{,.bash_logout,.bashrc,.profile,mine,other,own/{,file}} | tr ' ' '\n' | sort | tr '\n' ' ')"
[ "$one_id" = yes ] || same "$(owners home/stone | awk '{print $2}' | sort -u)" 1500/500
shale run --rm t sh -c 'id stone' | grep -q 'uid=1500(stone) gid=500(rocks)'
# Another build over it keeps the owners of what it changes.
build -t t2 <<'D' >/dev/null
FROM t
USER root
RUN touch /srv/moved/er/file && chmod 600 /srv/installed/name && mv /srv/moved/er /srv/up && chmod 755 /srv/one
D
same "$(shale export t2 | tar --numeric-owner -tvp srv | awk '{print $1, $2, $6}' | sort -k 3 | grep -v -e copied -e link -e new)" \
    "drwxr-xr-x 1500/500 srv/
drwxr-s--- 1500/60 srv/installed/
-rw------- 1/500 srv/installed/name
drwxr-xr-x 1500/77 srv/moved/
-rwxr-xr-x 0/500 srv/one
drwxr-xr-x 1500/500 srv/up/
-rw-r--r-- 1500/500 srv/up/file"
nothing_left
shale doctor --store

# Directories that a step changes keep the owners and modes that were recorded of them, and programs that copy modes as access
# control lists (cp -a) are told the truth.
mkdir -p "$c/modes/sub"
chmod 750 "$c/modes/sub"
build -t t3 <<'D' >/dev/null
FROM debian:apt
COPY --chown=33:50 modes /modes
RUN touch /modes/sub/x && mkdir -m 1751 /made && cp -a /made /copied && cp -a /modes/sub /copied/
D
same "$(shale export t3 | tar --numeric-owner -tvp modes/sub copied | awk '{print $1, $6}' | sort -k 2)" "drwxr-x--t copied/
drwxr-x--- copied/sub/
-rw-r--r-- copied/sub/x
drwxr-x--- modes/sub/
-rw-r--r-- modes/sub/x"
same "$(shale export t3 | tar --no-recursion --numeric-owner -tv modes/sub | awk '{print $2}')" "33/50"
