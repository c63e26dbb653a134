/**
 * Every bound of the system, by room, with the worst-case memory that it allows. A limit that is reached is
 * counted under its name; "unlimited" cannot be expressed.
 */

export const captureLimits = {
  /** Largest frame that is handed on; Linux's BIG TCP makes frames of up to 512 KiB. One carry buffer: 1 MiB. */
  recordBytesMax: 1 << 20,
  /** A record between the two is skipped and counted; one above cannot be true and ends the file. No memory. */
  recordSkipBytesMax: 1 << 27,
  /** Interfaces of one pcapng section; packets of further ones are counted. 64 bytes each: 4 MiB. */
  interfacesMax: 1 << 16,
  /** Options of one interface block beyond this are not looked at. */
  interfaceBlockBytesMax: 1 << 16,
  /** Bytes read from a file at a time: fastest of 128 KiB to 4 MiB, as a chunk then stays in the L2 cache. One buffer. */
  chunkBytes: 1 << 19,
  /** Decompressed bytes at a time; at most three such buffers are alive. */
  inflatedChunkBytes: 1 << 18,
  /** First bytes of an input that are looked at to tell its kind. */
  sniffBytesMax: 4096,
} as const;

export const decodeLimits = {
  /** Headers that are read of one packet, tags and tunnels included; one more and it is counted. No memory. */
  layersMax: 32,
  /** Labels of one MPLS stack. No memory. */
  labelsMax: 16,
  /** A datagram without a length of its own (segmentation offload) is believed up to this many bytes. No memory. */
  offloadBytesMax: 1 << 20,
  /** Fragmented datagrams that wait for their rest at one time; the oldest gives way. 72 KiB each: 18 MiB. */
  fragmentedDatagramsMax: 256,
  /** A fragmented datagram waits this long in packet time, as in Linux (net.ipv4.ipfrag_time). */
  fragmentTimeoutMs: 30_000,
} as const;

export const reassembleLimits = {
  /** Connections in the table; then the idlest goes. 88 bytes each (flowtable.ts): 23 MB. At most 2^20: 92 MB. */
  flowsMax: 1 << 18,
  /** Bytes of one flow that wait for others; a window of a fast, distant connection fits. */
  flowHeldBytesMax: 1 << 22,
  /** Pieces of one flow that wait; bounds the cost of keeping them sorted. About 300 bytes each: 1.2 MB. */
  flowHeldPiecesMax: 4096,
  /** Bytes that wait in all flows together: 32 MiB. */
  heldBytesMax: 1 << 25,
  /** Pieces that wait in all flows together: 10 MB. */
  heldPiecesMax: 1 << 15,
  /** Flows with something out of order at one time. About 1.5 KiB each: 24 MiB. */
  disordersMax: 1 << 14,
  /** Farther from the next byte than this, a segment is a stray: wider than any window in use. No memory. */
  windowBytesMax: 1 << 26,
  /** A RST farther from the next byte than this is ignored (RFC 5961, section 3.2, allows much less). No memory. */
  resetDistanceBytesMax: 1 << 20,
  /** Strays in a row, each near the one before, after which they are taken for the stream. No memory. */
  straysMax: 8,
} as const;

export const httpLimits = {
  /** Bytes of one head, start line included. Held only while it arrives in pieces; all flows: `heldBytesMax`. */
  headBytesMax: 1 << 16,
  /** Fields of one head: 20 bytes each, 40 KB. */
  headFieldsMax: 2048,
  /** Distinct header names that get a number; with text, slots and strings 150 bytes each: 0.6 MB. */
  headerNamesMax: 4096,
  /** A longer name gets no number. */
  headerNameBytesMax: 64,
  /** A longer first token of a line is no method. */
  methodBytesMax: 32,
  /** Extensions of one chunk, or a trailer section. Not held. */
  chunkLineBytesMax: 1 << 14,
  /** Codings of one body, one on the other; each has an output buffer of `decodedPieceBytes`: 256 KB. */
  codingsMax: 4,
  /** Bytes that a decoder makes at a time. */
  decodedPieceBytes: 1 << 16,
  /** Encoded bytes that wait for the body's end, so that it is decoded at once; a longer body gets a decoder. */
  encodedHeldBytesMax: 1 << 15,
  /** Partial heads and encoded bodies that are held by all flows: 64 MiB. */
  heldBytesMax: 1 << 26,
  /** Decoded bytes of one body that are handed on; a compression bomb ends here. No memory: they pass. */
  bodyBytesMax: 1 << 24,
  /** Long gzip and deflate bodies that are decoded at one time, 44 KB each: 11 MB. */
  inflatersMax: 256,
  /** Long br and zstd bodies that are decoded at one time, with windows of up to 16 MB: 128 MB. */
  windowedDecodersMax: 8,
  /** The window that zstd may ask for, as a power of two (RFC 8878, section 3.1.1.1.2, recommends 8 MB). */
  zstdWindowLogMax: 23,
  /** Requests of one connection that wait for a response; then the connection is let go. */
  outstandingMax: 256,
  /** Streams of one HTTP/2 connection that are open; servers allow 100 to 250 as a rule. Their exchanges: `exchangesMax`. */
  http2StreamsMax: 1 << 12,
  /** The table of one direction's header fields; 4,096 unless a side asks for more. All flows: `heldBytesMax`. */
  hpackTableBytesMax: 1 << 16,
  /** Responses of one connection that wait for a request that may come late; then the oldest waits no more. */
  earlyResponsesMax: 16,
  /** Exchanges that are alive in all connections, about 2.5 KB each with heads of usual size: 160 MB. */
  exchangesMax: 1 << 16,
  /** Exchanges and bodies that are kept for reuse: 5 MB, and of encoded bodies 8 MB of `heldBytesMax`. */
  pooledMax: 1 << 11,
  /** A head that needed more than this is given back to the collector rather than to the pool. */
  pooledHeadBytesMax: 1 << 13,
  /** Bytes of one direction that are searched for a first message before the flow is let go. Not held. */
  searchBytesMax: 1 << 22,
  /** How far before its version a request line is looked for. */
  searchLineBytesMax: 1 << 12,
  /** A connection whose pairing became doubtful is trusted again after such a silence. */
  realignIdleMs: 5000,
  /** Server names of TLS flows that are remembered, 255 bytes at most each: 100 KB. */
  serverNamesMax: 256,
} as const;

export const collectLimits = {
  /** Bytes of one entry of a HAR file. Held once as bytes, as text and as values: 32 MiB each, 150 MB in all. */
  harEntryBytesMax: 1 << 25,
  /** Depth of brackets within an entry; a hostile depth would exhaust the stack of JSON.parse. */
  harDepthMax: 512,
  /** Connections of a HAR file that are told apart, 200 bytes each. */
  harConnectionsMax: 1 << 12,
  /** Header fields of one message of a HAR file. */
  harFieldsMax: 1 << 10,
  /** Header fields of one message that Envoy shows; it has at most 100 by default. */
  envoyFieldsMax: 1 << 10,
  /** Attributes of one stream: a dozen are asked for. */
  envoyAttributesMax: 64,
  /** Bytes of both bodies of one exchange; then its stream is closed. Not held: they pass. */
  envoyStreamBytesMax: 1 << 24,
  /** Bodies that are kept for reuse, 1 KB each. */
  envoyBodiesKeptMax: 256,
  /** One message of Envoy; it sends bodies in pieces of its buffer, 1 MiB by default. Held by a stream: see the next. */
  envoyMessageBytesMax: 1 << 22,
  /** Parts of messages that are held by all streams together: 64 MiB. */
  envoyHeldBytesMax: 1 << 26,
  /** Streams at a time; each is an exchange under way, about 12 KB with its head: 50 MB. Further ones are let go at once. */
  envoyStreamsMax: 1 << 12,
  /** Addresses at which Envoys are called, and hosts of each; the ones called longest ago go. 120 bytes a host: 8 MB. */
  envoyAddressesMax: 1 << 11,
  envoyHostsMax: 1 << 5,
  /** Connections at a time: one for each thread of each Envoy. 40 KB each: 80 MB. */
  envoyConnectionsMax: 1 << 11,
} as const;

export const telemetryLimits = {
  /** Distinct names (fields, parameters, cookies) of all APIs together; about 60 bytes each, 4 MB. */
  namesMax: 65_536,
  /** Longer names are kept as `{text}`. */
  nameBytesMax: 128,
  /** Longer path segments are kept as `{text}`. */
  segmentBytesMax: 256,
  /** Values within one path segment; one with more is `{opaque}`. */
  segmentSlotsMax: 4,
  /** Structure kept of one body, in numbers of 4 bytes: 1 MB. What is beyond counts as cut off. */
  tapeEntriesMax: 262_144,
  /** Places of members that are remembered to guess what comes next; 72 bytes each, 1.2 MB. A power of two. */
  placesMax: 16_384,
  /** Objects and arrays within each other; deeper ones are skipped. */
  bodyDepthMax: 48,
  /** Bytes of a string that are judged; the length is counted in full. */
  tokenBytesMax: 1_024,
  /**
   * Statuses of endpoints, and kinds and classes of values at places in bodies, that are remembered to tell what is new;
   * 4 bytes each, 512 kB. A power of two; when three quarters are taken all are forgotten, and all is new again.
   */
  knownFeaturesMax: 131_072,
  /** Endpoints whose requests name the operation (GraphQL), where attention decides what is scanned; beyond, all are learned again. */
  selectingMax: 4_096,
  /** Words longer than this are no members of an enumeration. */
  wordBytesMax: 32,
  /** Distinct words of all APIs together, about 100 bytes each. */
  wordsMax: 16_384,
  /** Distinct words of one enumeration; more are none. */
  enumWordsMax: 20,
  /** Longer values identify nothing. */
  hashedBytesMax: 64,
  /** Hashes of one field or parameter, and of one path slot: 192 and 384 bytes. */
  fieldHashesMax: 24,
  slotHashesMax: 48,
  /** Fields of one object; the least heard half goes where this is reached. */
  fieldsMax: 512,
  /** Nodes of all shapes of one sensor together, about 200 bytes each: 80 MB. */
  shapeNodesMax: 400_000,
  /** Tag fields of one object, and words of one tag. */
  tagsMax: 4,
  tagWordsMax: 16,
  /** Buckets of one operation over time. */
  timeBucketsMax: 32,
  /** Bytes scanned of one body; what is beyond counts as cut off. */
  bodyBytesMax: 8_388_608,
  /** Bodies that are scanned at the same time; with empty tapes 8 kB each, 33 MB. */
  bodiesMax: 4_096,
  /** Memory of all their tapes together. */
  scratchBytesMax: 67_108_864,
  /** Longer targets are cut; a cut path ends in `{text}`. */
  targetBytesMax: 8_192,
  /** Segments of one path; what is behind is `{text}`. */
  pathSegmentsMax: 32,
  /** Children of one path node, and nodes of one API. */
  pathChildrenMax: 512,
  pathNodesMax: 8_192,
  /** Path nodes of all APIs together; an operation with its headers is about 4 kB: 100 MB if all were different. */
  pathNodesTotalMax: 24_576,
  /** APIs of one sensor (host and port); the least heard half goes. */
  apisMax: 2_048,
  /** Query, header and cookie names of one message kind. */
  parametersMax: 256,
  /** Parts of one query string or cookie that are looked at. */
  pairsMax: 256,
  /** Sets of header names that come together, of a sensor, and names in one of them: 400 KB. */
  headPatternsMax: 512,
  headPatternFieldsMax: 48,
  /** Of one operation, for requests and each status: 128 bytes. Messages with others are counted field by field. */
  operationHeadPatternsMax: 8,
  /** Addresses of callers of one operation, and of servers of one API. */
  callersMax: 64,
  serverAddressesMax: 64,
  /** Requests of one operation whose ids are remembered as hashes, of each of the latest days: 64 bytes each, 2 KB in all. */
  tracesMax: 16,
  traceDaysMax: 2,
  /** A longer id of a request is not looked at; of a longer path segment the end is. One buffer. */
  traceBytesMax: 128,
  /** Sets of credentials, statuses, and media types of one operation. */
  credentialSetsMax: 32,
  statusesMax: 64,
  mediaTypesMax: 16,
  /** Operations on one path: methods and selectors. */
  operationsMax: 256,
} as const;

export const inferLimits = {
  /** Segments of a path that are looked at; telemetry's own limit is lower, this one stops recursion. */
  pathDepthMax: 64,
} as const;

export const specLimits = {
  /** Characters of a description that is imported; the largest that are published have 12 million. 64 MB as text. */
  documentCharactersMax: 1 << 25,
  /** A longer text that begins like JSON is not tried as YAML, which takes 30 times as long. */
  yamlCharactersMax: 1 << 20,
  /** Aliases that a YAML text may use, each counted with what it stands for (yaml's own default). */
  yamlAliasesMax: 100,
  /** Operations of one description, about 2 KB each beside the document: 40 MB. */
  operationsMax: 20_000,
  /** References that lead to references. No memory. */
  referenceStepsMax: 32,
  /** `allOf`, `oneOf` and `anyOf` within each other: deeper, anything is allowed. No memory. */
  schemaNestingMax: 16,
  /** Ways to fit one schema that are told apart; further ones are left out. 1 KB each while it is looked at. */
  schemaAlternativesMax: 64,
  /** Schemas within schemas that comparison follows; recursive ones end here. No memory. */
  comparedDepthMax: 24,
  /** Pairs of schemas that one comparison of two bodies looks at, 100 bytes each: 10 MB. */
  comparedPairsMax: 100_000,
  /** Differences that are told of one pair of documents, 500 bytes each: 5 MB. */
  differencesMax: 10_000,
  /** Problems that are told of one import, 200 bytes each. */
  importProblemsMax: 100,
} as const;

export const sensorLimits = {
  /** Parts that APIs fall into by their hash: ingest is partitioned by them. 64 sequence numbers a sensor. */
  shardCount: 64,
  /** JSON of one delta; one operation that is larger goes alone. A broker's usual message limit is twice that. */
  deltaBytesMax: 1 << 19,
  /** JSON of one batch; a sixth of it on the wire, less than the usual limit of proxies (1 MB). Held once while it is sent. */
  batchBytesMax: 1 << 22,
  /** JSON of all frozen deltas: 8 MiB as bytes, and once more while the state file is written. */
  frozenBytesMax: 1 << 23,
  /** Knowledge that was never sent, by the estimate of `weigh.ts`; then the APIs that are heard least go. 64 MiB. */
  unsentBytesMax: 1 << 26,
  /** APIs with knowledge that was never sent; each has 200 bytes beside its weight. 1.6 MB. */
  unsentApisMax: 8192,
  /** Reasons of one coverage record; 100 bytes each. */
  coverageReasonsMax: 256,
  /** A larger state file is foreign. Read whole: 256 MiB would end a tap, 64 MiB does not. */
  stateFileBytesMax: 1 << 26,
  /** What a state file may hold unpacked. */
  stateBytesMax: 1 << 28,
  /** Bytes of a server's answer that are read. */
  answerBytesMax: 1 << 20,
  /** Addresses covered by other sensors that an answer may name; 64 bytes each: 4 MB. */
  coveredAddressesMax: 1 << 16,
  /** APIs whose hints a sensor obeys, and their text: with its indexes 4 MB for each thread that listens. */
  correctedApisMax: 500,
  correctionCharactersMax: 1 << 18,
  /** A token file beyond this is something else. */
  tokenBytesMax: 1 << 14,
  /** Connections that the status server holds at a time. */
  statusConnectionsMax: 32,
  /** Endpoints whose attention is remembered, 8 bytes each: 512 KB. Two that collide forget each other. */
  attentionSlots: 1 << 16,
  /** Distinct subjects of the log that are kept quiet; 200 bytes each. */
  quietSubjectsMax: 64,
  /** Exchanges that are recognised when another interface shows them again: two generations of 8 bytes each, 2 MiB. */
  duplicateSlots: 1 << 17,
} as const;

export const liveLimits = {
  /**
   * One block of the ring, which is this times its blocks. A frame must fit: BIG TCP makes them of 192 KiB where it is used, and
   * could of 512. However few packets a block holds, it is taken when its time is over: so many blocks, so many times
   * `ringRetireMs` a tap may go without a processor, 9.6 s of 96 blocks.
   */
  ringBlockBytes: 1 << 19,
  /** Fewer, and one slow turn of the pipeline fills the ring. 4 MiB. */
  ringBlocksMin: 8,
  /** 1 GiB, of which no page can be swapped out. */
  ringBlocksMax: 2048,
  /** A frame is snapped behind this; what is left out is a gap. */
  snapBytesMax: 400_000,
  /** Longest that a packet waits in a block that does not fill. */
  ringRetireMs: 100,
  /** Longest that one turn walks the ring before timers and sockets get theirs. */
  turnMsMax: 10,
  /** The kernel's own bound (BPF_MAXINSNS). 8 bytes each: 32 KiB. */
  filterInstructionsMax: 4096,
  /** Endpoints whose traffic is left out, as addresses of our own server: 20 instructions each. */
  excludedEndpointsMax: 32,
  /** Interfaces of one network namespace; about 200 bytes each: 3 MB. Further ones are seen, but have no name. */
  interfacesMax: 1 << 14,
  /** One answer of netlink; the kernel makes none above 32 KiB. One buffer. */
  netlinkBytesMax: 1 << 16,
  /** Packets of libpcap are handed over in one buffer of this size for each interface. */
  batchBytesMax: 1 << 22,
  /** A frame that libpcap hands over is snapped behind this; offloads make frames of 64 KiB. */
  libpcapSnapBytes: 1 << 18,
  /** How often libpcap is asked for packets, and whether a missing interface is there now. */
  libpcapPollMs: 50,
  libpcapRetryMs: 2000,
} as const;

export const serverStreamLimits = {
  /** Durable consumers of the stream of deltas, four shards each: as many servers can merge at a time. */
  partitions: 16,
  /** Deltas that a server merges in one transaction; half a megabyte of JSON each at most: 32 MiB. */
  batchDeltasMax: 64,
  /** What one message may hold unpacked. */
  messageBytesMax: 1 << 22,
  /** Unreadable deltas that are kept, on each node's disk. */
  deadBytesMax: 1 << 26,
} as const;

export const serverLimits = {
  /**
   * What the main thread may hold at worst: deltas that are unpacked (130 MB) or wait (110 MB), documents for who asks again (64 MB),
   * nodes for who sends again (30 MB), its own code and tables (60 MB), and as much garbage again as half of that.
   */
  heapBytesMax: 640 * 2 ** 20,
  /** APIs that Envoy and taps told of lately, and ids of requests of each side: 100 bytes each, 13 MB. The oldest go. */
  copyApisMax: 512,
  copyHashesMax: 128,
  /** Three of them: 24 MB, in the main thread. */
  semiSpaceMib: 8,
  /** Garbage beside what is alive. At 30 collecting took a third more of the CPU time, at V8's own rule memory doubled. */
  heapGrowingPercent: 60,
  /** Connections at a time; about 30 KB each: 60 MB. */
  connectionsMax: 2048,
  /** Body of an ordinary request. Held once. */
  bodyBytesMax: 1 << 20,
  /** Brackets of a JSON body within each other: a summary has 48 of a body and 32 of a path, twice each. No memory. */
  jsonDepthMax: 512,
  /** The window that zstd may ask for, as a power of two: 8 MB for each body that is decompressed. */
  zstdWindowLogMax: 23,
  /** Deltas of one request, as they come and unpacked; a sensor sends 4 MiB, and one large delta alone. */
  deltaWireBytesMax: 1 << 23,
  deltaBytesMax: 1 << 25,
  /** Requests with deltas that are read or wait for the store, and their bytes on the wire: 16 MB; a sensor's usual batch has 0.6. */
  deltaRequestsMax: 256,
  deltaWaitingBytesMax: 1 << 24,
  /** Bodies that are unpacked at a time; 32 MB each at most, and one of them as values, three times that: 130 MB. */
  unpackingMax: 2,
  /** Sensors, whose names are chosen by who sends; a row of some KB each, and 100 bytes of memory. */
  sensorsMax: 20_000,
  /** What a sensor says about itself. */
  statusBytesMax: 1 << 18,
  /** A request with deltas or telemetry must be here within this. */
  bodyTimeoutMs: 30_000,
  /** One record of the telemetry door: a megabyte of body each way, in base64. Held three times while it is read. */
  telemetryBytesMax: 1 << 22,
  /** Of them at a time: 12 MB each. */
  telemetryRequestsMax: 16,
  /** An uploaded description; `specLimits` bounds it again. */
  descriptionBytesMax: 1 << 25,
  /** An upload that falls below this pace is given up. */
  uploadBytesPerSecondMin: 1 << 14,
  /** Uploads that run at a time, each in a worker with its own heap: 1 GiB. */
  uploadsRunningMax: 2,
  /** Uploads that are remembered; 1 KB each. */
  uploadsKeptMax: 200,
  /** Heap of the worker of one upload. */
  uploadHeapMib: 512,
  /** Addresses whose failed sign-ins are counted; 100 bytes each. */
  failuresMax: 4096,
  /** Tokens that were right lately; 100 bytes each. */
  rightTokensMax: 4096,
  /** Listeners of server-sent events, and what may wait for a slow one before it is let go: 64 MB. */
  listenersMax: 256,
  listenerBytesMax: 1 << 18,
  /** A datagram of an access log; UDP carries no more. */
  datagramBytesMax: 1 << 16,
  /** Bytes of an answer of a forwarder's target that are read. */
  forwardAnswerBytesMax: 1 << 16,
  /** Attempts before a delivery is dead. */
  forwardAttemptsMax: 10,
  /** Deliveries of one forwarder that go out in one turn. */
  forwardBatchMax: 50,
} as const;

/** What is packed as one block, so that 16 bits tell any place in it; unpacked into one buffer that stays: 64 KB. */
export const LZ4_BYTES_MAX = 65_535;

export const inventoryLimits = {
  /** Sign-ins at a provider that were begun and not ended; 300 bytes each in the store. */
  signInsMax: 1000,
  /** Sessions of people that are told apart; 300 bytes each in the store. */
  sessionsMax: 10_000,
  /** Prepared statements that are kept, about 10 KB each: 2.5 MB. */
  statementsMax: 256,
  /** Connections to PostgreSQL; its own usual limit is 100 for all. */
  connectionsMax: 10,
  /** PostgreSQL takes notifications of less than 8000 bytes. */
  notificationBytesMax: 7_999,
  /** What a caller is told to wait for when the store has no room, or no time. No memory. */
  retryAfterMs: 5_000,
  /** The same where too much waits. No memory. */
  busyRetryMs: 1_000,
  /** Reasons of loss that are kept of one sensor, 60 bytes each. */
  coverageReasonsMax: 256,
  /** Operations of deltas that wait to be merged, about 18 KB each as measured: 110 MB; then ingest is refused for a while. */
  waitingOperationsMax: 6_000,
  /** Operations that one transaction merges, so that others get their turn in between: about 50 ms. */
  turnOperationsMax: 400,
  /** JSON of nodes that are kept unpacked between two deltas; 6 to 14 bytes of memory for each: 35 MB. */
  cachedCharactersMax: 2_500_000,
  /** Sources; further ones are refused and counted. 1 KB each in memory: 50 MB. */
  sourcesMax: 50_000,
  /** Nodes of one source until inference tidies it down to telemetry's own limit; beyond, they are refused and counted. */
  nodesMax: 32_768,
  /** A source with more is cut down to `nodesKept` when it is inferred: those that are heard most stay. */
  nodesTidyAbove: 24_576,
  nodesKept: 16_384,
  /** Longer paths are named by a digest: PostgreSQL's indexes end at 2,704 bytes. */
  nodeNameMax: 180,
  /** Sequence numbers that may still come although a later one did, a sensor, epoch and shard; 8 bytes each. */
  missingSequencesMax: 256,
  /** What one packed value may be unpacked: the largest document in both versions. */
  unpackedBytesMax: 1 << 28,
  /** Rows that are read at a time when a store is copied; of the largest a few MB. */
  copiedRows: 512,
  /** Rows of traffic that are read at a time when hours become days, more than one node has at all (3,650 days): 4 MB. */
  agedRows: 8_192,
  /** Rows that are deleted in one transaction, so that none takes long. */
  deletedRows: 2_000,
  /** Sources whose old figures are looked at in one tick, so that none takes long. */
  tickSources: 50,
  /** Versions of one API that are kept, about 20 KB each. */
  versionsMax: 500,
  /** Rows of one statement. */
  rowsMax: 64,
  /** Documents as text that are kept for who asks again: 64 MB. */
  documentCharactersMax: 32_000_000,
  /** Changes of one version that are told apart; the others are one line. 400 bytes each. */
  changesMax: 500,
  /** Findings of one API, and lines of evidence of one finding. */
  findingsMax: 1_000,
  evidenceLinesMax: 8,
  /** Callers that are told of one API or endpoint. */
  callersMax: 200,
  /** Buckets of one series, in which all endpoints of an API are told; 24 bytes for each and endpoint. */
  seriesBucketsMax: 32,
  /** Minutes of which a source's calls are told one by one, 16 bytes each in its row: 2 KB. */
  minutesMax: 120,
  /** Rows of figures that are read for them, 300 bytes each: 2,000 nodes that are called every hour of a day; 15 MB. */
  seriesRowsMax: 50_000,
  /** Nodes of the map, the most called ones. */
  mapNodesMax: 1_000,
  /** Services that lead to one API. 100 bytes each. */
  servicesMax: 32,
  /** Hashes of requests' ids of one API, 50 bytes each: 13 MB while a map of as many APIs as can be is made. */
  tracesMax: 256,
  /** Calls that may be one request; an id that more bear is no request's own. No memory. */
  hopsMax: 16,
  /** APIs whose hints are told to sensors, and their text: each answer to deltas has them, and a sensor reads 1 MB of it. */
  hintedApisMax: 500,
  hintsCharactersMax: 1 << 17,
  /** Deliveries that wait for one forwarder; then the oldest is dead. */
  deliveriesMax: 10_000,
} as const;

export const kubernetesLimits = {
  /** Objects of one page. They are read one by one as they come: 100 to 500 take the same memory. */
  pageObjects: 100,
  /** Bytes of a page: a hundred objects as large as etcd takes them. Not held. */
  pageBytesMax: 1 << 28,
  /** Bytes of one object, or of one event of a watch; an object has at most 1.5 MiB in etcd. Held once as bytes, once as values. */
  eventBytesMax: 1 << 22,
  /** Bytes of an answer that refuses. */
  refusalBytesMax: 1 << 20,
  /** Objects of a kind that are known; a pod takes about 1 KB: 100 MB. Further ones are counted, and have no name. */
  objectsMax: 100_000,
  /** Addresses of one pod or Service: one of each family, and external ones. */
  addressesMax: 16,
  /** Ports of one pod, Service or slice. */
  portsMax: 64,
  /** Addresses of one slice; Kubernetes has at most 1000 in it. */
  sliceAddressesMax: 1000,
  /** Pods that had one address one after the other, as long as the older are remembered. */
  bindingsMax: 4,
  /** How long an address belongs to a pod that is gone: exchanges of it may still be under way. */
  tombstoneMs: 60_000,
  /** Names in one label selector. */
  selectorTermsMax: 32,
} as const;
