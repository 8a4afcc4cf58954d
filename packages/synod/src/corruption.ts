import type { Group, Requester } from "@synod/runtime/group";
import type { Logger } from "@synod/runtime/log/logger";
import { AlarmAction, encodeAlarmRequest } from "@synod/store/api/maintenance";
import { AlarmOpcode } from "@synod/store/areas/alarms";
import type { StoreMachine } from "@synod/store/machine";
import { AlarmType } from "@synod/store/model/alarms";
import type { StoreResult } from "@synod/store/state-machine";
import { ProtobufWriter } from "@synod/wire/protobuf-writer";

/**
 * Raises etcd's CORRUPT alarm where the members' states differ and no majority says whose is right: from then on nobody
 * serves data, until an operator has thrown the wrong one away, and all have the same again (`CorruptionGuard`). What was said
 * once is not a reason for another alarm: members remember for a while what they had heard.
 *
 * @param memberId in hexadecimal. @returns what to call with the sentence, as often as one likes
 */
export function corruptAlarm(
  { areas }: StoreMachine,
  memberId: string,
  group: () => Group<StoreResult>,
  logger: Logger,
): (sentence: string) => void {
  let underWay = false;
  const requester: Requester<StoreResult> = {
    applied: () => {
      underWay = false;
    },
    failed: () => {
      underWay = false;
      known.clear(); // it is to be tried again
    },
    readable: () => {},
  };
  const known = new Set<string>();
  return (sentence) => {
    if (underWay || known.has(sentence)) return;
    known.add(sentence);
    if (areas.alarms.isCorrupt) return;
    underWay = true;
    logger.error(`${sentence}; until all have the same, the alarm CORRUPT is in force, under which nobody serves data`);
    const writer = new ProtobufWriter(32);
    writer.raw(Uint8Array.of(AlarmOpcode.quota));
    encodeAlarmRequest(writer, {
      action: AlarmAction.ACTIVATE,
      memberId: BigInt(`0x${memberId}`),
      alarm: AlarmType.CORRUPT,
    });
    group().propose(writer.finish(), requester, 0);
  };
}
