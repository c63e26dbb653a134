/**
 * Words that people use for fields, paths and enumerations of APIs. They teach which letters follow which, so
 * that a random token can be told from a word, and they are the words that may be kept where a field's name
 * says nothing (`privacy.ts`). None of them can be a secret: the list is public.
 */
const WORDS = `
abbreviation abort aborted about absolute ac accept acceptance accepted access accessed accessible account accounts
accrual ach achieved acquirer act action actionable actions activate activated activation active activities activity
activitypub actor actual ad add added addition additional additions addon addr address addresses adhoc adjusted
adjustment admin administrator admins advanced advantage adyen af affected afr after age agency agent agents
aggregate aggregates aggregation agreement ai ak aka alarm alarms alert alerts alg algorithm alias aliases alignment
all allocated allocation allocations allow allowed allows alma alpha alpine already alternate alternative always am
amazon amd amdin amex amh amount amounts amperage amqp an analyses analysis analytics analyzed and android
annotation annotations annual anonymous another answer answered anti any anycast anything aoc apache apc apex api
apis app apple applicable application applications applied apply approval approvals approve approved approver
approximate apps apr april ar ara arabic architecture archive archived are area args arm armored arn array arrays
arrival artifact artifacts artwork as asc ascending asia ask asn assessment asset assets assign assigned assignee
assignees assignment assignments assistance associated association async at atm attach attached attachment
attachments attempt attempts attribute attributes attribution audience audio audit aug august auth authenticated
authentication author authorised authorization authorizations authorize authorized authors auto autodetect automatic
automation automations automotive automount availability available avatar average avg award aws ax az aze azure back
backend background backup bad badge balance balancer balancers balances ban band bandwidth bank banking bar barcode
base basic basis basket batch batches bay bays be bearer beauty beep before begin behavior bel below ben beneficiary
best beta bg bi bic bicycle bill billable billing bin binary bindings bio biography bird birth bits black blank blob
blobs block blocked blocking blocks blue blueprint bn bnc board boarding boat body bold bonus book bookable booking
bookmarks books boolean booleans boost bot both bottom bound bounds box bpm branch branches brand brands breaches
breakdown bronze brown browser bs bucket budget budgets buffer bug build building builds built bul bulk bundle bus
business busy but button buy by bypass bytes ca caa cabinet cable cabled cables cache caches caching cad calculate
calendar call callback calls campaign can canary cancel cancelation canceled cancellation cancelled candidate cannot
canonical cap capabilities capacity capture captured captures car card cards cargo carp carrier cart carts case cash
cashback cashier cat catalog catalogue categories category cdma cdn ce cee cei cell celsius center centimeters
centos cert certificate certificates certify ces cfp ch challenge challenges change changed changelog changes
channel channels character charge charges chart chassis chat chats check checking checkout checks checksum chef chf
child children chinese choice choices choose chore chunk ci cid cidr circle circuit circuits circular cisco city
claim class classic classification classifications clean cleared cli client clients climb clone close closed
clothing cloud cls cluster clusters cm cmn cname co coach coaxial code codes collab collaborations collaborator
collaborators collect collection collections color colors column columns com command commands comment commenter
comments commerce commercial commission commit commiter commitish commits committer common comms communication
community comp compact compaction companies company compare comparison compatible complete completed completely
completion completions compliance component components composer composite compute conan concentration conclusion
concurrency conda condition conditions cone confidence confidential config configs configuration configurations
configured confirm confirmation confirmed conflict conflicts congestion connect connected connection connections
consent console constraint constraints consumed consumer contact contactless contacts contain container contains
content contents context contexts continue contract contribution contributions contributor contributors control
controller controls conversation conversion converted converting cookie cookies coordinates copied copilot copy
copyright core cores corporate correct corrected correction cost costs could count counter countries country counts
coupon coupons cover cpak cpu cr create created creating creation creator credential credentials credit creditor
credits criteria critical cron crop cs css csv cube culture curr currency current cursor custom customer customers
customization cutoff cve cvss cx cy cyan cycle cz da dac daemon daily dan dark darwin dashboard data database
datacenter datacenters dataset datasets date dates datetime day days db dc dcim ddr de deactivated deadline deal
debian debit debtor debug dec december decimal decision declaration decline declined decommissioned decommissioning
dedicated deep default defaults definition definitions degraded delay delayed delegated delegation deletable delete
deleted deleting deletion deletions delimiter deliver delivered delivery delta denied deny depart department
dependencies dependency dependent dependents deploy deployed deploying deployment deployments deposit deposited
depository deprecated deprecation deprovisioning depth desc descending description descriptive descriptor design
designer desktop destination destroy detach detail detailed details detected detection deu dev developer development
device devices devicetype dhcp dial dictionary diff diffpatch digest digests digit digital digits dimension
dimensions dingtalk dir direct direction directory dirty disable disabled disconnect disconnected discord discount
discover discoverable discovered discovery discussion discussions disk dismiss dismissals dismissed display
displayed disposition disputes dist distance distinct distribution divorced django dns do docker docs document
documentation documents doer does dog doing dollars domain domains domestic done double down download downloads
draft draw drawdown drink driver drivers drop dropdown dropped druid dry ds due dump dumps duplicate duration during
dutch duty ean earliest east ecommerce edge edit editable edited edition editor editorconfig edr ef effect effective
eight el elastic electronic electronics elevation eligible eliminated ell email emails embed embedded embedder
embedders embedding embeddings emoji emojis employee empty en enable enabled encoded encoding encrypt encrypted
encryption end ended ending endpoint endpoints ends enforce enforced eng engine english enough enqueued enter
enterprise enterprises entities entitlement entity entries entry enum env environment environments eo eol ephemeral
epic epo equal equality equity error errored errors es esp est estimate estimated et etag eu eur eval evaluation
evaluations event events everyone ex exact exactness example exceeded exception exchange exclude excluded exclusive
exec execute execution executions exempt exemption exhaustive existing exists exit expand expected expense expenses
experimental expiration expire expired expires expiring expiry explicit export exports expose exposed expression
extended extension extensions external externally extra extras extreme fa face facebook facet faceting facets
facility factor fahrenheit fail failed failure fallback false family far fast fatal favicon favorite favorites fax
fc fdr feature featured features feb february federated federation fedora fee feed feedback feeds fees feet feishu
female fetch fi field fields file filename filepath files filesystem fill filter filterable filters fin final
finalized financial find findings fingerprint finished fire firewall firewalls first fish fix fixed flag flags
flavor flex flexstack float floating flow flows flush folder folders follow follower followers following food footer
for forbidden force forced foreign forgot fork forkee forks form format formats formatted forms formula forward
forwarded found fr fra fragment frame frames fraud free freight french frequency fri friday friendly from front ft
ftp fuel fulfilled fulfillment full fully function functions fund funding funds future fy ga gallon game games
garden gateway gaussian gb gbase gbic gbp gbps gc ge gear gen gender general generalized generate generated generic
genre geo german get gfc gid gift git gitea github gitignores gitlab given glbp global go goal goals gogs gold good
goods google gpg grace grade gradient grain gram grant granted graph graphql graphs gray gre greater green grey
grocery gross ground group grouping groups grpc gsm gt gte gu guest guid guj gzip half halfyear hand handle handler
handling hard has hash hdot hdr he head header headers health healthy heart heartbeat heatmap heb height helm help
hi hidden hide high higher highestindex highlight highlighted highlights hill hin hindi hint hints hiring historical
history hit hits hmac hold holder home homepage hook hooks horse host hosted hostname hosts hour hourly hours house
hr href hrv hsrp html http https hu hub huge hugging human hun hunk hy hybrid hye iban ic ice icmp ico icon icons id
idempotency identification identifier identifiers identity idle ids ie iec ieee iew if ignore ignored il image
images imap immediate immutable implementation implicit import important imported importing improvement in inactive
inbound inbox inches incident incidents include included includes inclusive incoming incompatible incomplete ind
index indexed indexes indexing indicator indices indirect individual industry inferred infiniband info information
ingoing ingress inherited init initial initializing initiated initiator inline inner input inputs insecure inside
insights instagram install installation installed installing installment installments instance instances institution
instructed instruction instructions insufficient insurance int integer integrated integration integrations
intelligence intent interacted interaction interactions interactive interest interface interfaces intermediate
internal international internet interval invalid invalidate inventory inventoryitem investment invitation invite
invited invitee inviter invites invocation invocations invoice io ios ip ipaddress ipaddresses ipam ips ipv is iso
isos issuance issue issued issuer issues issuing isw it ita italian item items ja jan january japanese jav java
jinja jitter job jobs join joined journal jpeg jpn jpy js json jul july jun june juniper jv jwks jwt ka kafka kan
kat key keys keyword keywords kg khm ki kilogram kilometer kind kitchen km kn known ko kor korean ks kty kubernetes
kv la label labeled labels lag lang language languages large last lat later latest latitude launch lav layer layers
layout lb lc ldap lease leases least leastcomment leastindex leastupdate leave left leg legacy legal legend length
less letter level levels lfs li liability library license licenses lifetime light like likes limit limited limits
line linear lines link linked linkedin links linux list listen listener listing lists lit liter live ln load loaded
loading loan local locale locales locality localize localized location locations lock locked log login logins logo
logout logs long longitude lookup loopback losses lost low lower ls lsh lt lte ltr lu lv mac machine machines macos
magenta mail mailed main maintainer maintenance major make mal male malformed malicious malware manage managed
management manager manifest manifests manual manually manufacturer manufacturers many map mapping mappings mar march
margin markdown marker market marketing marketplace markup married mask masked master mastercard match matched
matches matching material matrix maven max maximum mbps mcp md me mean measure measurements media median medium
member members membership memberships memory mentioned mentions menu merchant merge mergeable merged message
messages met meta metadata meter meters method methods metric metrics mgmt mi micro mid middle migrate migrating
migration migrations mile milestone milestones millimeters mime min mini minimum minor minutes mirror mirrors
mismatch missing mixed mk mkd ml mmf mms mn mobile mode model models moderator modified modify mon monday mongodb
monitoring month monthly months more most mostcomment mounted move moved movement movie mpo mqtt mr mrj ms msg
msteams mt mtrj mtu multi multiple multiplier music must mx my mya mysql na name names nameservers namespace
namespaces napalm nat native natural nb nc nd ndr ne near needed needs negate nema nep net network networks neutral
never new next nginx nic nickname nie niew nightly nisw nl nld no nob noc node nodeinfo nodes nok nominal non nonce
none normal north northeast northwest not note notes nothing notice notification notifications notified notify nov
november now npm nr ns nuget null nullable num number numbers nv nvd ny oauth object objects oc oct october of off
office official offline offset oidc ok old oldest ollama om on onboarding once one online only op open openapi
openid opening opens operating operation operational operations operator opt optimal option optional options or
orange order ordered ordering orders org organization organizations orgs ori origin original origins os osfp other
out outbound outcome outdated outer outgoing outlet outlets output outside over overall override overrides overview
overwrite own owned owner owners ownership oz pa pack package packages packagist page pages pagesize pagination
paging paid pair pairs pan panel panels param parameter parameters params parent parents parse part partial
partially participant participants participated participation partner party pass passcode passive password past pat
patch path paths pattern patterns paused pay payload payloads payment payments payout paypal pdf peer pending people
per percent percentage percentile performance performed period periods perm permalink permanent permission
permissions persistent person personal pes pet phase phone photo physical picture pin ping pink pinned pins pkg pl
place placed placeholder placement plain plaintext plan plane planned plans platform platforms platinum played plus
png point pointer points pol policies policy polymorphism pool pooling pools popular popularity por port portal
portfolio portfolios ports portuguese pos position positions possible post postal posted postgres postgresql posts
power powerfeed poweroff poweron pr pre precision predefined predicate predicted predictions preference preferences
preferred prefix prefixes premium prepaid preparation prerelease prerequisite prerequisites presence present
presentation pretty prev prevention preview previous price prices pricing primary principal print printer priority
priors privacy private pro problem process processed processing prod producer product production products
proficiency profile profiles program progress prohibit project projects promote prompt prompts pronouns properties
property proposed protected protection protections protocol protocols provided provider providers province provision
provisioned provisioning proximity proxy proxyprotocol prune ps pt ptr pub public publicly publish published
publisher pull pulls punch punctuation purchase purchased purchases purge purple purpose push put pv pypi python qdr
qr qsfp qsfpdd qsfpp qualifier quality quantity quantized quarterly queries query quest question questions queue
queued queues quirks rabbitmq rack racks radio radius random range rank ranking rapid rate rates rating ratings
ratio raw rd reach reachable reached reacted reaction reactions read reader readme ready real rear reason reasons
rebase reboot rebuild rebuilding receipt receive received receiver receiving recent recentupdate recharge recipient
recipients recommendation record records recurring recursive red redirect redirects redis redundant ref reference
referenced references referred referrer refresh refs refund refunded refunds refusal refused regenerate regex regexp
region regions register registered registration registrations registries registry regular reject rejected rejection
related relationship relationships relative release released releases relevance remainder remaining reminder
reminders remix remote remotes removal remove removed rename renamed render rendered renew renewal rental rented
reorder reordered rep replace replies reply repo report reporter reporting reports repos repositories repository
repr representation reprint req request requested requester requestor requests require required requirement
requirements requires rerequest rerequestable rerequested rescue research reseller resend reservation reservations
reserved reset resize resolution resolve resolved resolver resource resources response responses rest restart
restore restored restricted restriction restrictions result results retention retired retries retrieve retry return
returned returns reusable reuse revenue reversal reverse reversed review reviewed reviewer reviewers reviews
revision revisions revoke revoked right rir rirs risk rj ro robin robots rock rocket role roles roll rollback
rolling rollout ron room root roster rotate rotation round route routes routing row rows rp rrsets rsa rtl ru
rubygems rule rules run running runs runtime rus russian sa safety sale sales salt same saml sample sampling sandbox
sarif sat saturday savings sc scale scan scanned schedule scheduled schedules schema schemas scheme school scim
scooter scope scopes score scores screen script scripts sdk sdr se search searchable season seats sec second
secondary seconds secret secrets section sections secure secured security segment segments select selectable
selected selection selector self sell seller sellers semantic send sender sending sensitive sent seo sep separator
september sequence serial series served server servers service services session sessions set setting settings setup
severity sfp sfpp sg sha shape share shared shares sharing sheet shield shift ship shipment shipments shipped
shipping shoes short should show shutdown si side sidebar sigma sign signature signatures signed signer signin
signing signoff signout signup silver similar simple simulations sin since single site sites size sizes sk skill
skills skip skipped sku skus sl slack slk slug slv small smart smf sms smtp sn sna snapshot snapshots snippet
snippets soa social soft software sold solid some sometimes sonet song sort sortable sound source sources south
southeast spa space spaces spam spanish spec specification speech speed split splits sports spread sqlite squash sr
src srp srv ssh ssl ssn sso st stable stack stackwise stage staged staging stale stamp standard star stargazers
starred stars start started starting starts startup stat state statement statements states static station statistics
stats status statuses std stderr stdout step steps sticker sticky stm stock stop stopped stopping stopwatch
stopwatches storage store stored stores story str strategy stream streams street strength strict string strings
stripe structure student style su sub subaccounts subdevice subdomain subject subkeys submission submit submitted
submodule subnet subnets subresource subscribed subscriber subscribers subscription subscriptions subset subtype
succeed succeeded success successful suffix suggested suite sum summary summit summitstack sun sunday super
supplemental supplier supply support supported supporting suppress suspend suspended sv svc svg swap swaps swe swift
switch symbols symlink sync synced syncing synonyms system ta tab table tag tagged tagger tags tam tar tarball
target targets task tasks tax tb tcp te teacher team teams tel telegram temp template templates temporary tenancy
tenant tenants term terminal terminated terminating termination terminations terms terrain test testing tests text
tgl th tha than the theme this thread threads three threshold through thu thumb thumbnail thursday ticket tier ties
time timed timeframe timeline timeout times timeseries timesheet timestamp timezone tiny tip title tk tl tls tn to
today todo token tokens tolerance toll too tool tools top topic topics tos total totals tower toys tr trace track
tracked tracker tracking tracks traffic train training transaction transactions transfer transferred transfers
transient transit transition transitions translation trash travel tree trees trial trigger triggering triggers trim
truck true truncated trunk trust trusted truth try ts tsig ttl tue tuesday tuk tur twitch twitter two tx txn txt
type types typo typos ubuntu udp ui uid uids uint uk ukr unable unadopted unassign unauthorized unavailable under
undismissals unhealthy unicorn unique unit units unknown unlinked unlocked unprocessable unprotected unread
unregistered unretrievable unscheduled unset unspecified unsupported untagged until unverified up upc upcoming
update updated updater updates updating upgrade upgraded upgrading upload uploaded uploader uploads upper upstream
ur urd uri uris url urls us usage usages usb usd use used user userinfo username usernames users uses using utc utf
utilization uuid uz uzb vagrant val valid validate validated validation validations validator validity value values
van vanity var variable variables variant variants variation variations vat vault vc vcp vcpus vector vectors vendor
verb verification verified verify version versions vi via vid video videos vie view viewer views vip virtual
virtualization virtualmachine visa visibility visible vlan vlans vm voice void voltage volume volumes voucher vrf
vrfs vrrp vswitch vulnerabilities vulnerability wa wait waiting walk wall wallet warehouse warm warning warnings
watch watchers waveform way web webhook webhooks webp website websocket wechatwork wed wednesday week weekly weeks
weight well west when where white whitelist whitespace whoami width wiki wildcard will win window windows winning
wins wire wise wishlist with withholding within without wizard wo won word words work workflow workflows working
workspace workspaces write writer wss xconnect xdr xenpak xfp xml yaml year yearly years yellow yes yi yid youtube
zero zh zho zip zipball zone zones zu zul jsonrpc xmlrpc graphql oauth openid saml ldap websocket webhook webhooks quote quotes quoted quick quiet quit equal equals queued quad
`;

/** In lower case. */
const VOCABULARY: readonly string[] = [...new Set(WORDS.trim().split(/\s+/))];

/** The vocabulary as an open-addressing table of positions in `WORD_BYTES`; a word's length stands before it. */
const SLOT_MASK = 8191;
const SLOTS = new Int32Array(SLOT_MASK + 1);
const WORD_BYTES = new Uint8Array(VOCABULARY.join(" ").length + 2);
const lettersMax = 18;
fillSlots();

function fillSlots(): void {
  let at = 1;
  for (const word of VOCABULARY) {
    WORD_BYTES[at] = word.length;
    let hash = 0;
    for (let index = 0; index < word.length; index += 1) {
      WORD_BYTES[at + 1 + index] = word.charCodeAt(index);
      hash = (Math.imul(hash, 31) + word.charCodeAt(index)) | 0;
    }
    let slot = (hash ^ (hash >>> 11)) & SLOT_MASK;
    while (SLOTS[slot] !== 0) slot = (slot + 1) & SLOT_MASK;
    SLOTS[slot] = at;
    at += word.length + 1;
  }
}

/** Are these ASCII letters (either case) a word of the vocabulary? */
export function isKnownWord(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length > lettersMax) return false;
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at]! | 0x20)) | 0;
  for (
    let slot = (hash ^ (hash >>> 11)) & SLOT_MASK;
    SLOTS[slot] !== 0;
    slot = (slot + 1) & SLOT_MASK
  ) {
    const word = SLOTS[slot]!;
    if (WORD_BYTES[word] !== length) continue;
    let index = 0;
    while (index < length && WORD_BYTES[word + 1 + index] === (bytes[start + index]! | 0x20))
      index += 1;
    if (index === length) return true;
  }
  return false;
}

const LETTERS = 26;
/** The row and column that stand for the beginning and the end of a word. */
const EDGE = 26;
const SIDE = LETTERS + 1;

/**
 * Surprise of each pair of letters in eighths of a bit, from the vocabulary, smoothed so that a pair that
 * never occurs has a finite surprise.
 */
const SURPRISE: Uint8Array = measureSurprise();

function measureSurprise(): Uint8Array {
  const counts = new Float64Array(SIDE * SIDE).fill(0.15);
  for (const word of VOCABULARY) {
    let before = EDGE;
    for (let index = 0; index < word.length; index += 1) {
      const letter = word.charCodeAt(index) - 97;
      counts[before * SIDE + letter]! += 1;
      before = letter;
    }
    counts[before * SIDE + EDGE]! += 1;
  }
  const surprise = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row += 1) {
    let sum = 0;
    for (let column = 0; column < SIDE; column += 1) sum += counts[row * SIDE + column]!;
    for (let column = 0; column < SIDE; column += 1) {
      const bits = Math.log2(sum / counts[row * SIDE + column]!);
      surprise[row * SIDE + column] = Math.min(255, Math.round(bits * 8));
    }
  }
  return surprise;
}

/**
 * Mean surprise of a run of ASCII letters (either case) in eighths of a bit a letter, the edges included.
 * English words lie near 27, random letters near 45.
 */
export function surpriseOf(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let before = EDGE;
  for (let at = start; at < end; at += 1) {
    const letter = (bytes[at]! | 0x20) - 97;
    sum += SURPRISE[before * SIDE + letter]!;
    before = letter;
  }
  sum += SURPRISE[before * SIDE + EDGE]!;
  return sum / (end - start + 1);
}
