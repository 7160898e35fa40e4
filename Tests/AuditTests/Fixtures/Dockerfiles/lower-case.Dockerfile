from debian
run sudo a && cd /srv
copy a b
user root
cmd run
