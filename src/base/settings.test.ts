import assert from "node:assert/strict";
import { test } from "node:test";
import { type SettingName, settingNames, settings } from "./config.ts";
import { UsageError } from "./errors.ts";
import { readSettings } from "./settings.ts";

const read = (environment: Record<string, string>, flags: [SettingName, string | boolean][] = []) =>
  readSettings("reconstruct", new Map(flags), environment);

const refuse = (
  environment: Record<string, string>,
  flags: [SettingName, string | boolean][],
  message: string,
): void => assert.throws(() => read(environment, flags), new UsageError(message));

test("defaults", () => {
  const values = read({});
  assert.deepEqual(values.interfaces, []);
  assert.deepEqual(values.ports, []);
  assert.deepEqual(values.httpStatusCodes, ["2xx"]);
  assert.deepEqual(values.excludeTrafficWithHeaders, []);
  assert.equal(values.format, "yaml");
  assert.equal(values.evidence, true);
});

test("the tap's variables", () => {
  const values = read({
    INVICTI_TAP_INTERFACES: "eth0, lo",
    INVICTI_TAP_PORTS: "80,443,5005-6000",
    INVICTI_TAP_HTTP_STATUS_CODES: "200,20x,4XX",
    INVICTI_TAP_EXCLUDE_TRAFFIC_WITH_HEADERS: "X-Internal, x-probe",
  });
  assert.deepEqual(values.interfaces, ["eth0", "lo"]);
  assert.deepEqual(values.ports, [
    { first: 80, last: 80 },
    { first: 443, last: 443 },
    { first: 5005, last: 6000 },
  ]);
  assert.deepEqual(values.httpStatusCodes, ["200", "20x", "4xx"]);
  assert.deepEqual(values.excludeTrafficWithHeaders, ["x-internal", "x-probe"]);
});

test("a flag wins over a variable, and an empty variable is none", () => {
  assert.equal(read({ NTA_FORMAT: "json" }).format, "json");
  assert.equal(read({ NTA_FORMAT: "json" }, [["format", "yaml"]]).format, "yaml");
  assert.equal(read({ NTA_FORMAT: " " }).format, "yaml");
  assert.equal(read({}, [["evidence", false]]).evidence, false);
  assert.equal(read({ NTA_EVIDENCE: "off" }).evidence, false);
});

test("a wrong value names its source, itself, what is allowed and what is near", () => {
  const statuses =
    "a comma list of status codes in which x stands for any digit, such as 200,20x,4xx";
  const portList = "a comma list of ports and ranges from 1 to 65535, such as 80,443,5005-6000";
  refuse(
    { INVICTI_TAP_HTTP_STATUS_CODES: "200,2**" },
    [],
    `INVICTI_TAP_HTTP_STATUS_CODES: "2**" in "200,2**" is not allowed; allowed: ${statuses}. Did you mean 2xx?`,
  );
  refuse(
    {},
    [["ports", "90-80"]],
    `--ports: "90-80" is not allowed; allowed: ${portList}. Did you mean 80-90?`,
  );
  refuse({}, [["ports", "0"]], `--ports: "0" is not allowed; allowed: ${portList}.`);
  refuse({}, [["ports", "http"]], `--ports: "http" is not allowed; allowed: ${portList}.`);
  refuse(
    {},
    [["format", "yml"]],
    '--format: "yml" is not allowed; allowed: yaml or json. Did you mean yaml?',
  );
  refuse(
    { INVICTI_TAP_EXCLUDE_TRAFFIC_WITH_HEADERS: "X-Probe: 1" },
    [],
    'INVICTI_TAP_EXCLUDE_TRAFFIC_WITH_HEADERS: "X-Probe: 1" is not allowed; allowed: a comma list of header names, such as X-Internal,X-Health-Check. Did you mean x-probe?',
  );
});

test("URLs and names are looked at before they are used", () => {
  const rows: readonly [SettingName, string, string][] = [
    ["publicUrl", "nta.example", "https://nta.example/nta"],
    ["publicUrl", "javascript:alert(1)", "http://[::1]:8090"],
    ["natsMonitor", "a:8222", "http://a:8222"],
    ["nats", "http://a", "nats://a:4222,tls://b"],
    ["nats", "nats://a,b", "nats://a"],
    ["sensorName", "n".repeat(129), "n".repeat(128)],
    ["sensorName", "a\u001b[2J", "ä b"],
  ];
  for (const [name, wrong, right] of rows) {
    assert.equal(read({}, [[name, right]])[name], right);
    assert.throws(() => read({}, [[name, wrong]]), UsageError, wrong);
  }
});

test("a variable of ours that does not exist is refused with the nearest one", () => {
  refuse(
    { INVICTI_TAP_PORT: "80" },
    [],
    "INVICTI_TAP_PORT: there is no such setting. Did you mean INVICTI_TAP_PORTS?",
  );
  refuse(
    { NTA_SOMETHING_ELSE: "1" },
    [],
    "NTA_SOMETHING_ELSE: there is no such setting. docs/configuration.md lists all.",
  );
  read({ PATH: "/bin", MY_NTA_THING: "1", NTA_EVAL_DIR: "/x" });
});

test("variables that Kubernetes makes for a Service are no settings", () => {
  read({
    NTA_SERVICE_HOST: "10.0.0.1",
    NTA_SERVICE_PORT: "8090",
    NTA_SERVICE_PORT_HTTP: "8090",
    NTA_PORT: "tcp://10.0.0.1:8090",
    NTA_PORT_8090_TCP: "tcp://10.0.0.1:8090",
    NTA_PORT_8090_TCP_ADDR: "10.0.0.1",
  });
  refuse(
    { NTA_PORT: "80" },
    [],
    "NTA_PORT: there is no such setting. Did you mean INVICTI_TAP_PORTS?",
  );
});

test("flags and variables are unique and every default parses", () => {
  const rows = settingNames.map((name) => settings[name]);
  for (const key of ["flag", "variable"] as const) {
    const values = rows.map((row) => row[key]).filter((value) => value !== null);
    assert.equal(new Set(values).size, values.length);
  }
  for (const row of rows) assert.ok("value" in row.form.parse(row.fallback), row.flag);
});
