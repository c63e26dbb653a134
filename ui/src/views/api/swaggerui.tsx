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
    SwaggerBundle({
      domNode: element,
      spec: JSON.parse(text),
      supportedSubmitMethods: [],
      validatorUrl: null,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      deepLinking: false,
      onComplete: () => element.querySelector("#servers")?.setAttribute("aria-label", "Servers"),
    });
    return () => element.replaceChildren();
  }, [text]);
  return <div ref={host} className={styles["swagger"]} />;
};
