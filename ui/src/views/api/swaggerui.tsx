/** Swagger UI, which is large and loaded only here. It never calls the described API: this server stands beside the traffic. */
import { useEffect, useRef } from "react";
import SwaggerBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./swaggerui.css";
import styles from "./api.module.css";

export const SwaggerUi = ({ text }: { text: string }) => {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    // Its choice of a server has no name that assistive technology hears, and is drawn anew now and then.
    const naming = new MutationObserver(() => {
      for (const select of element.querySelectorAll("select:not([aria-label])"))
        select.setAttribute("aria-label", "Server");
    });
    naming.observe(element, { childList: true, subtree: true });
    SwaggerBundle({
      domNode: element,
      spec: JSON.parse(text),
      supportedSubmitMethods: [],
      validatorUrl: null,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      deepLinking: false,
    });
    return () => {
      naming.disconnect();
      element.replaceChildren();
    };
  }, [text]);
  return <div ref={host} className={styles["swagger"]} />;
};
