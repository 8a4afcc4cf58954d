/**
 * What etcdctl is asked beside a real etcd, as it is typed after `etcdctl`: `… | n` ends it after n lines, `… < text` is its
 * input, with `;` for ends of lines; `$lease`, `$member`, `$follower` and `$file` are what the cluster has named so.
 */

/** Each group of commands, in an order in which later ones see what earlier ones did. */
export const COMMANDS: readonly string[] = [
  ...["put a 1", "put a 2 --prev-kv", "put b/1 x -w json", "put b/2 y", "get a", "get a -w json", "get --prefix b"],
  ...["get nothing", "get a --rev=99", "get a --rev=2 --print-value-only", "del a --prev-kv", "del nothing", "put"],
  ...['txn < value("b/1") = "x";;put t 1;get b/1;;get b/2;;', 'txn -w json < mod("t") > "99";;put t 1;;del t;;'],
  ...["watch b/1 --rev=1 | 3", "watch --prefix b --rev=2 -w json | 1"],
  ...[
    "lease grant 300",
    "lease timetolive $lease --keys",
    "put l v --lease=$lease",
    "lease list",
    "lease keep-alive $lease --once",
  ],
  ...["lease revoke $lease", "lease revoke $lease", "lease timetolive $lease", "get l"],
  ...["lock door echo held", "elect chair me | 2"],
  ...["compaction 3", "compaction 3", "compaction 999", "get a --rev=1", "watch a --rev=1 | 1"],
  ...["endpoint health", "endpoint status", "endpoint hashkv --rev=4", "defrag", "version"],
  ...["alarm list", "alarm disarm"],
];

/** The flags of those commands, the forms in which they print, and what is wrong. (etcd 3.4 lists alarms without a header in JSON.) */
export const FLAGS: readonly string[] = [
  ...["put s/1 one", "put s/2 two", "put s/3 three", "put s/2 deux", "put s/1", "put s/4 --", "put s/0 < from input"],
  ...["put s/2 --ignore-value", "put s/9 --ignore-value", "put s/2 x --ignore-value", "put s/9 x --ignore-lease"],
  ...[
    "put s/1 x --lease=7f",
    "put s/1 x --lease=zz",
    "put s/1 x y",
    "put",
    "get",
    "del",
    "get s/1 s/3 s/5",
    "nonsense",
  ],
  ...["get s/1 s/3", "get --from-key s/2", "get --prefix s --limit=2", "get --prefix s --keys-only", "get --prefix="],
  ...[
    "get --prefix s --order=DESCEND",
    "get --prefix s --sort-by=MODIFY",
    "get --prefix s --sort-by=VALUE --order=ASCEND",
  ],
  ...[
    "get --prefix s --sort-by=VERSION --order=DESCEND --limit=1",
    "get --prefix s --sort-by=CREATE",
    "get --prefix s --order=UP",
  ],
  ...[
    "get --prefix s --sort-by=SIZE",
    "get --prefix s --consistency=s",
    "get --prefix s --consistency=x",
    "get --prefix --from-key s",
  ],
  ...[
    "get s/1 --hex",
    "get s/1 --rev=-1",
    "get s/1 --rev=0",
    "get s/1 --limit=-1",
    "get s/1 -w fields",
    "get --prefix s -w table",
  ],
  ...["get --prefix s -w json", "get s/1 -w yaml", "get s/1 -w simple", "get --prefix s --print-value-only"],
  ...["put s/5 v -w json", "put s/5 v -w fields", "put s/5 v --prev-kv -w fields", "put s/5 v -w table"],
  ...[
    "del s/5 -w json",
    "del s/0 --prev-kv -w fields",
    "del s/1 s/3 --prev-kv",
    "del --from-key s/3 -w fields",
    "del --prefix s",
    "del --prefix=",
  ],
  ...[
    "txn < bad",
    'txn < val("a") = "1";;get a;;;;',
    'txn < ver("q") = "0" ;c("q") < "5";;put q 1;del zz;;get q;;',
    "txn -w fields < ;get q;;;;",
  ],
  ...[
    "txn -w table < ;get q;;;;",
    'txn < lease("q") = "0";;put q 2;put q 3;;;;',
    'txn < mod("q") = "x";;;;',
    "txn < ;frob q;;;;",
  ],
  ...[
    "watch q --rev=1 --prev-kv -w fields",
    "watch q z --rev=1 | 3",
    "watch q --rev=1 -- echo changed | 1",
    "watch",
    "watch q --rev=x",
  ],
  ...["watch -i < watch q --rev=1 | 3", "watch -i < nonsense"],
  ...[
    "lease grant",
    "lease grant x",
    "lease grant 0",
    "lease grant 300 -w json",
    "lease grant 300",
    "lease list -w json",
  ],
  ...[
    "lease timetolive $lease -w json",
    "lease timetolive $lease --keys -w fields",
    "lease keep-alive $lease --once -w json",
  ],
  ...[
    "lease keep-alive 7f",
    "lease keep-alive 7f --once",
    "lease timetolive 7f -w json",
    "lease revoke 7f",
    "lease revoke zz",
    "lease revoke $lease -w json",
  ],
  ...["compaction", "compaction x", "compaction 4 --physical", "compaction 0", "defrag --cluster", "alarm frob"],
  ...[
    "lock",
    "lock door --ttl=5 echo held",
    "lock door sh -c false",
    "elect",
    "elect -l chair | 0",
    "member list -w json | 1",
  ],
  ...[
    "endpoint health --cluster",
    "endpoint health -w json",
    "endpoint status -w json",
    "endpoint hashkv -w json",
    "endpoint health nonsense",
  ],
  ...[
    "member add",
    "member add x",
    "member remove",
    "member remove zz",
    "member remove 1",
    "member update 1 --peer-urls=http://127.0.0.1:7",
    "member promote 1",
  ],
  ...[
    "user add",
    "user get nobody",
    "user delete nobody",
    "user passwd nobody --interactive=false < x",
    "user grant-role nobody r",
    "user revoke-role nobody r",
  ],
  ...[
    "role add",
    "role delete nothing",
    "role grant-permission nothing read a",
    "role grant-permission nothing frob a",
    "role revoke-permission nothing a",
  ],
  ...[
    "auth enable",
    "auth disable",
    "move-leader",
    "move-leader x",
    "snapshot status nothing.db",
    "snapshot save",
    "role list",
    "user list -w json",
  ],
];

export const MEMBERS: readonly string[] = [
  ...[
    "member list",
    "member add extra --learner --peer-urls=http://127.0.0.1:1",
    "member list",
    "member promote $member",
  ],
  ...[
    "member add another --learner --peer-urls=http://127.0.0.1:3",
    "member update $member --peer-urls=http://127.0.0.1:2",
  ],
  ...["member remove $member", "member remove $member", "member add bad --peer-urls=nonsense"],
  ...["move-leader 1", "snapshot save $file"],
  ...[
    "role add r",
    "role add r",
    "role grant-permission r readwrite b --prefix",
    "role get r",
    "role list",
    "role get x",
  ],
  ...[
    "user add root:pw",
    "user add alice:pw",
    "user add alice:pw",
    "user grant-role root root",
    "user grant-role alice r",
  ],
  ...["user get alice --detail", "user list", "user grant-role alice x", "role revoke-permission r x"],
];

export const AS_USERS: readonly string[] = [
  ...[
    "get b/1",
    "--user alice:pw get b/1",
    "--user alice:pw put b/3 z",
    "--user alice:pw get t",
    "--user alice:no get b/1",
  ],
  ...["--user alice:pw user list", "--user alice:pw user get alice", "--user alice:pw member list"],
  ...[
    "--user root:pw user passwd alice --interactive=false < new",
    "--user alice:new get b/3",
    "--user alice:new watch b/3 --rev=1 | 1",
  ],
  ...["--user root:pw lease grant 100", "--user root:pw endpoint health", "--user root:pw move-leader $follower"],
  ...["--user root:pw user revoke-role alice r", "--user alice:new get b/1", "--user root:pw role delete r"],
  ...["--user root:pw user delete alice", "--user root:pw user delete root", "--user root:pw auth disable", "get b/3"],
];
