/** An API server over TLS on port 6443 with one pod, in whatever network namespace this runs: pod's address, node's name. */
import { FakeApi } from "../../src/kubernetes/fakeapi.fixture.ts";
import { PODS, pod } from "../../src/kubernetes/objects.fixture.ts";
import { serverCertificate, serverKey } from "../../src/sensor/certificates.fixture.ts";

const [ip = "", node = ""] = process.argv.slice(2);
const api = new FakeApi({ key: serverKey, cert: serverCertificate });
api.token = "kubelet-gave-this";
api.put(
  PODS,
  pod({
    ...{
      name: "cart-6d4f-x1",
      ip,
      node,
      owner: "ReplicaSet/cart-6d4f",
      hash: "6d4f",
      ports: [8080],
    },
    containers: ["app", "istio-proxy"],
  }),
);
await api.open(6443);
console.log("open");
