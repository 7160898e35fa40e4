# A C project is compiled on the mount with /usr below (SEMANTICS 5, 7, 8).
# as: user
. "$(dirname "$0")/lib.sh"
mount_stack "/usr"
mkdir "$m/project"
cd "$m/project"
for i in $(seq 30); do printf '#include <stdio.h>\nint f%d(void) { return printf("%%d", %d); }\n' "$i" "$i" >f$i.c; done
{
    for i in $(seq 30); do echo "int f$i(void);"; done
    echo 'int main(void) { return 0'
    for i in $(seq 30); do echo "+ 0 * f$i()"; done
    echo '; }'
} >main.c
printf 'OBJS := $(patsubst %%.c,%%.o,$(wildcard *.c))\nall: program\nprogram: $(OBJS)\n\t$(CC) -o $@ $^\n' >Makefile
make -s -j2
./program >/dev/null
ar rcs lib.a f*.o
strip program
make -s clean 2>/dev/null || rm -f ./*.o
cd "$scratch"
