import type { NodeId } from "@synod/protocols/protocol";
import type { ClientRequest } from "./host.ts";

/** What has arrived at a node and waits for its next turn. */
export class Inbox<Message> {
  from: NodeId[] = [];
  messages: Message[] = [];
  requests: ClientRequest[] = [];
  /** Commands that another node passed on. */
  forwarded: Uint8Array[] = [];
  turnScheduled = false;

  takeMessages(): { from: readonly NodeId[]; messages: readonly Message[] } {
    const { from, messages } = this;
    this.from = [];
    this.messages = [];
    this.turnScheduled = false;
    return { from, messages };
  }

  takeRequests(): { requests: readonly ClientRequest[]; commands: Uint8Array[] } {
    const { requests, forwarded } = this;
    this.requests = [];
    this.forwarded = [];
    return { requests, commands: forwarded };
  }

  clear(): void {
    this.takeMessages();
    this.takeRequests();
  }
}
