// A person with matrix-js-sdk, told what to do by a test: one JSON object a line on standard input
// ({"id": 1, "do": "send", "with": {…}}), one on standard output for each ({"id": 1, "result": …} or {"id": 1, "error": …}).
import { Console } from "node:console";
import { createInterface } from "node:readline";

// Standard output belongs to the answers; the SDK logs a lot.
globalThis.console = new Console(process.stderr);
// The SDK wants Node 22, of which it uses nothing else in what happens here.
Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new this((yes, no) => ([resolve, reject] = [yes, no]));
    return { promise, resolve, reject };
};

const sdk = await import("matrix-js-sdk");
const { AuthType, ClientEvent, EventType, InteractiveAuth, MatrixEventEvent, ReceiptType, RoomEvent, RoomMemberEvent } = sdk;

const WAIT_MS = 60_000;

class Person {
    #homeserver;
    #client;
    #enterCode;
    #session;
    #changes = new EventTarget();

    // Number, code and terms through /register, as the SDK's own InteractiveAuth goes about it.
    // Returns as soon as the code is on its way; `enterCode` goes on.
    async signUp({ homeserver, country, phone, deviceName }) {
        this.#homeserver = homeserver;
        const client = sdk.createClient({ baseUrl: homeserver });
        const codeSent = Promise.withResolvers();
        const failed = Promise.withResolvers();
        const stages = {
            [AuthType.Msisdn]: async () => {
                const secret = auth.getClientSecret();
                const sent = await client.requestRegisterMsisdnToken(country, phone, secret, 1);
                this.#enterCode = async (code) => {
                    await client.submitMsisdnTokenOtherUrl(sent.submit_url, sent.sid, secret, code);
                    await auth.submitAuthDict({
                        type: AuthType.Msisdn,
                        threepid_creds: { sid: sent.sid, client_secret: secret },
                    });
                };
                codeSent.resolve();
            },
            [AuthType.Terms]: async () => {
                const { policies } = auth.getStageParams(AuthType.Terms);
                if (Object.keys(policies).length === 0) throw new Error("there are no terms to agree to");
                await auth.submitAuthDict({ type: AuthType.Terms });
            },
        };
        const auth = new InteractiveAuth({
            matrixClient: client,
            doRequest: (data) =>
                client.registerRequest({ auth: data ?? undefined, initial_device_display_name: deviceName }),
            stateUpdated: (stage, status) => {
                const failure = status.errcode ? new Error(`${stage}: ${status.errcode} ${status.error}`) : undefined;
                (failure ? Promise.reject(failure) : stages[stage]()).catch(failed.reject);
            },
            inputs: { phoneCountry: country, phoneNumber: phone },
            supportedStages: Object.keys(stages),
            requestEmailToken: () => Promise.reject(new Error("nobody gave an email address")),
        });
        this.#session = Promise.race([auth.attemptAuth(), failed.promise]);
        await Promise.race([codeSent.promise, this.#session]);
        return {};
    }

    async enterCode({ code }) {
        await this.#enterCode(code);
        const session = await this.#session;
        await this.#start(session);
        return { userId: session.user_id, deviceId: session.device_id };
    }

    // Signed in elsewhere: with the token that came of it.
    async useSession({ homeserver, userId, deviceId, accessToken }) {
        this.#homeserver = homeserver;
        await this.#start({ user_id: userId, device_id: deviceId, access_token: accessToken });
        return {};
    }

    async #start({ user_id, device_id, access_token }) {
        this.#client = sdk.createClient({
            baseUrl: this.#homeserver,
            userId: user_id,
            deviceId: device_id,
            accessToken: access_token,
            timelineSupport: true,
        });
        await this.#client.initRustCrypto({ useIndexedDB: false });
        const changed = () => this.#changes.dispatchEvent(new Event("change"));
        for (const name of [
            ClientEvent.Sync,
            ClientEvent.AccountData,
            RoomEvent.MyMembership,
            RoomEvent.Timeline,
            RoomEvent.Receipt,
            MatrixEventEvent.Decrypted,
            RoomMemberEvent.Membership,
        ]) {
            this.#client.on(name, changed);
        }
        await this.#client.startClient({ initialSyncLimit: 100 });
        await this.#until("the first sync", () => this.#client.isInitialSyncComplete());
    }

    // Open a direct chat as a client does: the room, then `m.direct`.
    async createDirect({ userId }) {
        const { room_id: roomId } = await this.#client.createRoom({
            preset: "trusted_private_chat",
            is_direct: true,
            invite: [userId],
            initial_state: [
                { type: EventType.RoomEncryption, state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
            ],
        });
        await this.#client.setAccountData(EventType.Direct, { [userId]: [roomId] });
        return { roomId };
    }

    // The room in which `userId` and this person are both joined, once there is one.
    async waitForRoom({ userId }) {
        const room = await this.#until(`a room with ${userId}`, () =>
            this.#client
                .getRooms()
                .find((one) => one.getMyMembership() === "join" && one.getMember(userId)?.membership === "join"),
        );
        return { roomId: room.roomId, isEncrypted: await this.#client.getCrypto().isEncryptionEnabledInRoom(room.roomId) };
    }

    async send({ roomId, text }) {
        const { event_id: eventId } = await this.#client.sendTextMessage(roomId, text);
        return { eventId };
    }

    // What the server says when it does not let one send.
    async sendRefused({ roomId, text }) {
        try {
            await this.#client.sendTextMessage(roomId, text);
        } catch (error) {
            return { errcode: error.errcode, error: error.message, consentUri: error.data?.consent_uri };
        }
        throw new Error("it was sent");
    }

    // The notices of the server so far, oldest first; waits until there are `count`.
    async waitForNotices({ count }) {
        const notices = () =>
            this.#client
                .getRooms()
                .flatMap((room) => room.getLiveTimeline().getEvents())
                .filter((one) => one.getContent().msgtype === "m.server_notice")
                .map((one) => one.getContent().body);
        await this.#until(`${count} notices`, () => notices().length >= count);
        return notices();
    }

    // The level in the account data that tells of the terms, once it is `level`.
    async waitForLevel({ level }) {
        await this.#until(`level ${level}`, () => this.#client.getAccountData("org.palabre.policy")?.getContent().level === level);
        return {};
    }

    // The message `text` from somebody else: decrypted, by its own words.
    async waitForMessage({ roomId, text }) {
        const event = await this.#until(`the message “${text}”`, () =>
            this.#messages(roomId).find((one) => one.getContent().body === text),
        );
        return { eventId: event.getId(), sender: event.getSender(), isEncrypted: event.isEncrypted() };
    }

    async sendReceipt({ roomId, eventId }) {
        await this.#client.sendReadReceipt(this.#client.getRoom(roomId).findEventById(eventId), ReceiptType.Read);
        return {};
    }

    async waitForReceipt({ roomId, eventId, userId }) {
        const room = this.#client.getRoom(roomId);
        await this.#until(`${userId} to have read ${eventId}`, () => room.hasUserReadEvent(userId, eventId));
        return {};
    }

    // Every message there is to see, oldest first, with what could not be decrypted as null.
    async messages({ roomId }) {
        return this.#messages(roomId).map((one) => (one.isDecryptionFailure() ? null : one.getContent().body));
    }

    // The network is said to be back: until a sync has been answered, without waiting for the SDK's next attempt.
    async waitForSync() {
        const state = Promise.withResolvers();
        const seen = (name) => name === "SYNCING" && state.resolve();
        this.#client.on(ClientEvent.Sync, seen);
        this.#client.retryImmediately();
        await state.promise;
        this.#client.off(ClientEvent.Sync, seen);
        return {};
    }

    async stop() {
        this.#client?.stopClient();
        return {};
    }

    #messages(roomId) {
        const events = this.#client.getRoom(roomId)?.getLiveTimeline().getEvents() ?? [];
        return events.filter(
            (one) => (one.getType() === "m.room.message" || one.getType() === "m.room.encrypted") && !one.isState(),
        );
    }

    async #until(what, find) {
        const { promise, resolve, reject } = Promise.withResolvers();
        const look = () => {
            const found = find();
            if (found) resolve(found);
        };
        const timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), WAIT_MS);
        this.#changes.addEventListener("change", look);
        look();
        try {
            return await promise;
        } finally {
            clearTimeout(timer);
            this.#changes.removeEventListener("change", look);
        }
    }
}

const person = new Person();

async function answer({ id, do: command, with: given }) {
    let reply;
    try {
        reply = { id, result: await person[command](given ?? {}) };
    } catch (error) {
        reply = { id, error: String(error?.stack ?? error) };
    }
    process.stdout.write(JSON.stringify(reply) + "\n");
}

for await (const line of createInterface({ input: process.stdin })) answer(JSON.parse(line));
process.exit(0);
