/** An API server over TLS on port 6443, in whatever network namespace this runs: a pod at an address, and a Service before it. */
import { FakeApi } from "../../src/kubernetes/fakeapi.fixture.ts";
import {
  owned,
  PODS,
  pod,
  REPLICA_SETS,
  SERVICES,
  SLICES,
  service,
  slice,
} from "../../src/kubernetes/objects.fixture.ts";
import { serverCertificate, serverKey } from "../../src/sensor/certificates.fixture.ts";

const [ip = ""] = process.argv.slice(2);
const api = new FakeApi({ key: serverKey, cert: serverCertificate });
api.token = "kubelet-gave-this";
const cart = { name: "cart-6d4f-x1", ip, owner: "ReplicaSet/cart-6d4f", hash: "6d4f" };
api.put(PODS, pod({ ...cart, ports: [8080], containers: ["app", "istio-proxy"] }));
api.put(
  PODS,
  pod({ name: "proxy", hostNetwork: true, ip: "10.77.9.2", node: "worker-2", nodeIp: "10.77.9.2" }),
);
api.put(REPLICA_SETS, owned("cart-6d4f", "Deployment/cart"));
api.put(SERVICES, service("cart", ["10.96.0.10"], [{ name: "", port: 80, nodePort: 30_080 }]));
api.put(SLICES, slice("cart", [ip], [{ name: "", port: 8080 }]));
await api.open(6443);
console.log("open");
