/**
 * The checkout as the Machine runs it: a POSIX sh script of git's own commands, which is the run's first step.
 *
 * What whoever reads the script should know:
 * - A token is never on a command line: git asks a credential helper for it, which is a line of shell that prints a variable, and only for
 *   the repository's own host. A submodule of another host, or a redirect to one, gets none.
 * - A deploy key is in a file of mode 0600 until the script ends, or is ended: the steps program removes its folder, too. As it is a text of
 *   lines, what editors and forms do to the ends of those is taken back: ssh would find no key in it.
 * - The keys of hosts that tell theirs to everybody are known; another host's is believed the first time, as a new Machine has never seen it,
 *   unless the image's own /etc/ssh/ssh_known_hosts has one.
 * - Nothing of git's goes on behind the script: it is told to tidy up another time, as what it would start has the token in its environment.
 * - A commit is asked for by its id (protocol version 2 allows that; older servers are asked for all branches and tags then, unless nothing is
 *   to be had from them at all), and anything else by its name. Only so much of the history comes as was asked for.
 * - `safe.directory` is for a folder of the image that is another user's.
 */

import type { Checkout } from "./checkout.ts";
import { partsOfRepository, WHOLE_COMMIT } from "./checkout.ts";
import { shellWord } from "./shell-word.ts";

/** What the script exits with where the image has no git. */
export const GIT_MISSING_CODE = 127;

/** What to do about that. */
export const GIT_ADVICE =
  "take an image that has git, put it into this one (apt-get install git, apk add git), or leave checkout out";

/** What to do about one without ssh, where that is needed. */
export const SSH_ADVICE =
  "take an image that has it, or put it into this one (apt-get install openssh-client, apk add openssh-client)";

const SCRIPT = `complain() {
  echo "mayfly: $1" >&2
  exit "\${2:-1}"
}

run_git() {
  git -c safe.directory='*' -c gc.auto=0 -c maintenance.auto=false -c advice.detachedHead=false -c init.defaultBranch=main -c credential.helper= \\
    -c "credential.$_origin.helper=$_helper" "$@"
}

# What URLs of submodules begin with that name a port of the repository's own host.
ports_of_ssh() {
  run_git config --file .gitmodules --get-regexp '^submodule\\..*\\.url$' | while read -r _ _url; do
    _url=\${_url#"ssh://git@$_host:"}
    _port=\${_url%%/*}
    case $_port in
      '' | *[!0-9]*) ;;
      *) echo "ssh://git@$_host:$_port/" ;;
    esac
  done
}

# Why ssh made nothing of the deploy key, which its own message does not say. Without ssh-keygen nobody knows.
look_at_key() {
  [ "$_key" ] || return 0
  case $(ssh-keygen -y -P '' -f "$_key" 2>&1 >/dev/null) in
    *passphrase*) complain "the deploy key has a passphrase, which nobody types here; make one without (ssh-keygen -N '')" ;;
    *'Load key'*) complain "the secret of deploy_key is no private key that ssh can read; store the whole file, from BEGIN to END" ;;
  esac
}

command -v git >/dev/null || {
  # Steps that run all the same are run in it.
  mkdir -p "$_path" 2>/dev/null || :
  complain "the image has no git, which a checkout needs; $_advice" 127
}

_helper=''
export GIT_TERMINAL_PROMPT=0
if [ "$MAYFLY_CHECKOUT_TOKEN" ]; then
  export _user
  _helper='!f() { [ "$1" != get ] || printf "username=%s\\npassword=%s\\n" "$_user" "$MAYFLY_CHECKOUT_TOKEN"; }; f'
fi

_key=''
if [ "$MAYFLY_DEPLOY_KEY" ]; then
  command -v ssh >/dev/null || complain "the image has no ssh, which a deploy key needs; $_ssh_advice"
  mkdir -m 700 "$_keys" || complain "there is no room for the deploy key"
  trap 'rm -rf "$_keys"' EXIT
  _umask=$(umask)
  umask 077
  _key=$_keys/key
  _cr=$(printf '\\r')
  printf '%s\\n' "$MAYFLY_DEPLOY_KEY" | while read -r _line; do
    _line=\${_line%"$_cr"}
    [ ! "$_line" ] || printf '%s\\n' "$_line"
  done >"$_key"
  printf '%s\\n' "$_known_hosts" >"$_keys/known_hosts"
  umask "$_umask"
  unset MAYFLY_DEPLOY_KEY
  export GIT_SSH_COMMAND="ssh -F /dev/null -i '$_key' -o IdentitiesOnly=yes -o BatchMode=yes \\
    -o UserKnownHostsFile='$_keys/known_hosts' -o StrictHostKeyChecking=$_strict"
fi

mkdir -p "$_path" && cd "$_path" || complain "can not make $_path; give checkout.path a folder that the image's user may write to"
_path=$PWD

[ ! "$_elsewhere" ] ||
  echo "mayfly: what has changed is $_elsewhere; checkout.repository names another, so none of that is checked out" >&2
echo "Checking out $_repository\${_ref:+ at $_ref} into $_path"
run_git init --quiet .
run_git config remote.origin.url "$_repository"
run_git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
_depth=\${_depth:+--depth=$_depth}
if run_git fetch --quiet --no-tags $_depth origin "\${_ref:-HEAD}"; then
  _commit=FETCH_HEAD
elif look_at_key; [ "$_is_commit" ] && run_git ls-remote --quiet origin HEAD >/dev/null 2>&1; then
  echo "mayfly: the commit was not to be had by its id; asking for all branches and tags" >&2
  run_git fetch --quiet --tags origin
  _commit=$_ref
else
  exit 1
fi
run_git checkout --quiet --force --detach "$_commit"
if [ "$_submodules" ]; then
  set --
  if [ "$MAYFLY_CHECKOUT_TOKEN" ]; then
    # Who has a token needs no key for what the host has beside it, whatever port its ssh has.
    for _ssh in "git@$_host:" "ssh://git@$_host/" $(ports_of_ssh); do
      set -- "$@" -c "url.$_origin/.insteadOf=$_ssh"
    done
  fi
  run_git "$@" submodule --quiet update --init --force $_submodules $_depth
fi
run_git log -1 --format='HEAD is %H %s'
`;

/** As GitHub, GitLab and Bitbucket tell them in their documentation (ed25519). */
const KNOWN_HOSTS: Record<string, string> = {
  "github.com": "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
  "gitlab.com": "AAAAC3NzaC1lZDI1NTE5AAAAIAfuCHKVTjquxvt6CM6tdG4SLp1Btn/nOeHHE5UOzRdf",
  "bitbucket.org": "AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO",
};

export interface CheckoutSurroundings {
  /** Where a deploy key stands meanwhile; made by the script. */
  keysFolder: string;
  /** URL of the repository that has changed, where the checkout names another; or null. */
  changedElsewhere: string | null;
}

/** The script of one checkout, whose repository is known by now. */
export function checkoutScript(
  checkout: Checkout,
  { keysFolder, changedElsewhere }: CheckoutSurroundings,
): string {
  const { repository, ref, path, depth, submodules } = checkout;
  const url = repository ?? "";
  const { scheme = "https", user = null, host = "" } = partsOfRepository(url) ?? {};
  const isKnown = Object.hasOwn(KNOWN_HOSTS, host.toLowerCase().replace(/:22$/, ""));
  const variables = {
    _advice: GIT_ADVICE,
    _ssh_advice: SSH_ADVICE,
    _repository: url,
    _ref: ref ?? "",
    _is_commit: ref !== null && WHOLE_COMMIT.test(ref) ? "1" : "",
    _path: path.startsWith("-") ? `./${path}` : path,
    _depth: depth === 0 ? "" : String(depth),
    _submodules: { none: "", top: "--checkout", recursive: "--recursive" }[submodules],
    _origin: `${scheme === "http" ? "http" : "https"}://${host}`,
    _host: host.replace(/:\d+$/, ""),
    _keys: keysFolder,
    _elsewhere: changedElsewhere ?? "",
    // Whoever has a token at GitHub, GitLab and Gitea can have any name.
    _user: user ?? (host === "bitbucket.org" ? "x-token-auth" : "x-access-token"),
    // All of them: a submodule can be of another.
    _known_hosts: Object.entries(KNOWN_HOSTS)
      .map(([known, key]) => `${known} ssh-ed25519 ${key}`)
      .join("\n"),
    _strict: isKnown ? "yes" : "accept-new",
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}\n`);
  return `${lines.join("")}${SCRIPT}`;
}
