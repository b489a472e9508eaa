#!/bin/sh
# Hook for certbot: gives Mosquitto a renewed certificate. Say it when the certificate is ordered,
# then certbot runs it for this certificate alone, at each renewal:
#
#   sudo install -m 755 letsencrypt-deploy.sh /usr/local/sbin/
#   sudo certbot certonly --standalone -d broker.example \
#     --key-type rsa --rsa-key-size 2048 --preferred-chain "ISRG Root X1" \
#     --deploy-hook /usr/local/sbin/letsencrypt-deploy.sh
#
# It checks what certbot made, copies the chain and the key to where tls.conf, mutual.conf and
# websockets.conf look for them, whole or not at all, and has Mosquitto read them. What boards would
# refuse, or what does not fit, stays where it is: exit code 1, and Mosquitto keeps what it has. The
# folder of the copies has to be root's, or of who runs this, and nobody else's to write in.
# Needs openssl. certbot sets RENEWED_LINEAGE; the others are for other places than Debian's:
#
#   MOSQUITTO_CERTS     folder of the copies (/etc/mosquitto/certs)
#   MOSQUITTO_OWNER     who owns them (mosquitto)
#   MOSQUITTO_PID_FILE  whom to tell, instead of systemd's service mosquitto
#   MOSQUITTO_ACTION    reload, or restart for websockets.conf; restart needs systemd (reload)
set -eu
umask 077

say() { printf '%s: %s\n' "${0##*/}" "$1" >&2; }
fail() { say "$1"; exit 1; }

lineage=${RENEWED_LINEAGE:-}
target=${MOSQUITTO_CERTS:-/etc/mosquitto/certs}
owner=${MOSQUITTO_OWNER:-mosquitto}
action=${MOSQUITTO_ACTION:-reload}
[ -n "$lineage" ] || fail 'RENEWED_LINEAGE is not set: certbot runs this as --deploy-hook'
case $lineage in /*) ;; *) lineage=$PWD/$lineage ;; esac
chain=$lineage/fullchain.pem
key=$lineage/privkey.pem
case $action in
	reload | restart) ;;
	*) fail "MOSQUITTO_ACTION is \"$action\": must be reload or restart" ;;
esac
command -v openssl >/dev/null || fail 'openssl is not installed: apt-get install openssl'
for file in "$chain" "$key"; do
	[ -r "$file" ] || fail "$file: is not there, or may not be read by you"
done
[ -d "$target" ] || fail "$target: no such folder; MOSQUITTO_CERTS names another"
[ -w "$target" ] || fail "$target: may not be written by you; run it as root"
id -u "$owner" >/dev/null 2>&1 || fail "no user $owner here; MOSQUITTO_OWNER names another"

# Who may write to the folder could put a link in our way, and root would write through it. From
# here on it is this very folder, whatever its path comes to mean.
pid_file=${MOSQUITTO_PID_FILE:-/run/mosquitto/mosquitto.pid}
case $pid_file in /*) ;; *) pid_file=$PWD/$pid_file ;; esac
cd -P "$target"
case $(stat -c %u .) in
	0 | "$(id -u)") ;;
	*) fail "$target: belongs to $(stat -c %U .), who could have root write elsewhere: chown root" ;;
esac
[ -z "$(find . -prune -perm /022)" ] || fail "$target: others may write there: chmod go-w"

work=$(mktemp -d)
new_chain=
new_key=
trap 'rm -rf "$work"; rm -f ${new_chain:+"$new_chain"} ${new_key:+"$new_key"}' EXIT
trap 'exit 130' INT TERM

# Copies, so that what is checked is what is given to Mosquitto. Of the chain only certificates,
# written anew: everybody may read that file, and a key may have been appended to it.
cat "$key" >"$work/key"
awk -v folder="$work" '/-----BEGIN CERTIFICATE-----/ { n++; inside = 1 }
	inside { print > (folder "/" sprintf("%03d", n) ".pem") }
	/-----END CERTIFICATE-----/ { inside = 0 }' "$chain"
[ -f "$work/001.pem" ] || fail "$chain: holds no certificate"
[ -f "$work/002.pem" ] || fail "$chain: holds the leaf alone; boards need the chain"

# openssl's own words for what is wrong with a certificate.
verify() {
	verified=$(openssl verify -partial_chain "$@" 2>&1) && return
	printf '%s\n' "$verified" | sed -n 's/^error [0-9]* at [0-9]* depth lookup: *//p' | head -n 1
	return 1
}

# The chain, certificate by certificate: boards compute with each of these keys.
before=
for file in "$work"/*.pem; do
	text=$(openssl x509 -in "$file" -noout -text 2>/dev/null) ||
		fail "$chain: a certificate in it cannot be read"
	subject=$(openssl x509 -in "$file" -noout -subject -nameopt RFC2253)
	subject=${subject#subject=}
	bits=$(printf '%s\n' "$text" | sed -n 's/.*Public-Key: (\([0-9]*\) bit).*/\1/p')
	kind=$(printf '%s\n' "$text" | sed -n 's/.*Public Key Algorithm: \(.*\)/\1/p')
	curve=$(printf '%s\n' "$text" | sed -n 's/.*ASN1 OID: \(.*\)/\1/p')
	case $kind in
		rsaEncryption) [ "$bits" -ge 2048 ] && [ "$bits" -le 4096 ] || kind="$kind, $bits bits" ;;
		id-ecPublicKey) [ "$curve" = prime256v1 ] || kind=$curve ;;
	esac
	case $kind in
		rsaEncryption | id-ecPublicKey) ;;
		*)
			say "$chain: $subject: its key is $kind"
			say 'boards take RSA of 2048 to 4096 bits, and P-256; Let'\''s Encrypt has both with an RSA key:'
			wanted='--key-type rsa --rsa-key-size 2048 --preferred-chain "ISRG Root X1"'
			fail "certbot renew --cert-name ${lineage##*/} --force-renewal $wanted"
			;;
	esac
	# By itself: its dates. By the one behind it: its signature, and that this one may sign.
	why=$(verify -trusted "$file" "$file") || fail "$chain: $subject: $why"
	if [ -n "$before" ]; then
		why=$(verify -auth_level 1 -trusted "$file" "$before") ||
			fail "$chain: $subject: did not sign the certificate before it: $why"
	fi
	before=$file
	openssl x509 -in "$file" >>"$work/chain"
done

openssl x509 -in "$work/001.pem" -noout -pubkey >"$work/certificate.pub"
# A key with a passphrase would be asked for: Mosquitto could not read it either.
openssl pkey -in "$work/key" -passin pass: -pubout >"$work/key.pub" 2>/dev/null ||
	fail "$key: holds no private key that can be read without passphrase"
cmp -s "$work/certificate.pub" "$work/key.pub" || fail "$key: does not belong to $chain"

# Beside their places first, so that each is replaced in one step and never seen half.
new_chain=$(mktemp ./.fullchain.pem.XXXXXXXX)
new_key=$(mktemp ./.privkey.pem.XXXXXXXX)
cat "$work/chain" >"$new_chain"
cat "$work/key" >"$new_key"
chown -h "$owner" "$new_chain" "$new_key"
chmod 644 "$new_chain"
chmod 600 "$new_key"
mv -fT "$new_key" privkey.pem
mv -fT "$new_chain" fullchain.pem

# Mosquitto reads them at SIGHUP; those who are connected stay.
if [ -z "${MOSQUITTO_PID_FILE:-}" ] && command -v systemctl >/dev/null &&
	systemctl is-active --quiet mosquitto; then
	systemctl "$action" mosquitto || fail "systemctl $action mosquitto: failed"
	say "copied to $target; Mosquitto: $action"
	exit 0
fi
pid=$(cat "$pid_file" 2>/dev/null) || pid=
# The number may be another program's by now.
if [ -z "$pid" ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != mosquitto ]; then
	say "copied to $target; Mosquitto does not run, nothing to reload"
	exit 0
fi
[ "$action" = reload ] || fail "copied to $target, but restart needs systemd: restart it yourself"
kill -HUP "$pid" || fail "copied to $target, but Mosquitto ($pid) cannot be told: run it as root"
say "copied to $target; Mosquitto: reload"
