"""python-etcd3 (Debian: python3-etcd3), unchanged, at its normal work: python3 store.py 127.0.0.1:2379"""

import sys
import tempfile
import threading

import etcd3

host, port = sys.argv[1].rsplit(":", 1)
store = etcd3.client(host=host, port=int(port), timeout=10)

# Keys, prefixes, order.
store.put("app/colour", "red")
store.put("app/size", "10")
value, meta = store.get("app/colour")
print("get:", value.decode(), "version", meta.version)
print("prefix:", *(meta.key.decode() for _, meta in store.get_prefix("app/", sort_order="descend")))
print("replace:", store.replace("app/colour", "red", "blue"), store.replace("app/colour", "red", "green"))
print("create:", store.put_if_not_exists("app/shape", "round"), store.put_if_not_exists("app/shape", "square"))

# A transaction.
succeeded, responses = store.transaction(
    compare=[store.transactions.value("app/colour") == "blue", store.transactions.version("app/none") == 0],
    success=[store.transactions.put("app/colour", "white"), store.transactions.get("app/size")],
    failure=[store.transactions.delete("app/colour")],
)
print("transaction:", succeeded, responses[1][0][0].decode())

# A watch, told of each change in order.
seen = []
complete = threading.Event()


def tell(response):
    for event in response.events:
        seen.append(f"{type(event).__name__}={event.value.decode()}")
    if len(seen) >= 4:
        complete.set()


watch = store.add_watch_prefix_callback("watched/", tell)
for number in range(3):
    store.put(f"watched/{number}", str(number))
store.delete("watched/1")
print("watch:", complete.wait(10), *seen)
store.cancel_watch(watch)

# A lease takes its keys along.
lease = store.lease(60)
store.put("leased", "x", lease)
print("lease:", lease.granted_ttl, lease.remaining_ttl > 50, [key.decode() for key in lease.keys])
lease.refresh()
lease.revoke()
print("revoked:", store.get("leased")[0])

# A lock excludes: its key is there, and held by its lease.
with store.lock("door", ttl=20) as lock:
    print("lock:", lock.is_acquired(), store.put_if_not_exists(lock.key, "another"))
with store.lock("door", ttl=20) as lock:
    print("lock again:", lock.is_acquired())

# The cluster, its past and its files.
print("members:", *sorted(member.name for member in store.members))
status = store.status()
print("leader known:", any(member.id == status.leader.id for member in store.members), "alarms:", len(list(store.list_alarms())))
revision = store.get("app/colour")[1].mod_revision
store.compact(revision, physical=True)
try:
    list(store.watch_response("app/colour", start_revision=1)[0])
except etcd3.exceptions.RevisionCompactedError as error:
    print("compacted:", error.compacted_revision == revision)
with tempfile.TemporaryFile() as file:
    store.snapshot(file)
    print("snapshot:", file.tell() > 10_000)
store.defragment()
print("deleted:", store.delete_prefix("app/").deleted)
