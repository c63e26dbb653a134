import { Button, PasswordInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useEffect, useState } from "react";
import { send } from "../../api/client.ts";
import styles from "./signin.module.css";

/** Asks for a token. The server answers with a cookie, and the token is forgotten. */
export const SignIn = ({ signInPath }: { signInPath: string | null }) => {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const client = useQueryClient();
  useEffect(() => {
    document.title = "Sign in · nta";
  }, []);
  const onSubmit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await send("POST", "session", { token: token.trim() });
      await client.resetQueries();
    } catch (error) {
      setProblem((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <main className={styles["page"]}>
      <form className={styles["form"]} onSubmit={(event) => void onSubmit(event)}>
        <img src="/icon.svg" alt="" width={40} height={40} />
        <h1 className={styles["title"]}>Sign in to nta</h1>
        <p className={styles["lead"]}>
          With a token from an editor of this server. The first one was printed when the server
          started.
        </p>
        <PasswordInput
          label="Token"
          value={token}
          error={problem}
          autoComplete="current-password"
          data-autofocus
          required
          withAsterisk={false}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" loading={isBusy} disabled={token.trim() === ""} fullWidth>
          Sign in
        </Button>
        {signInPath !== null && (
          <Button component="a" href={signInPath} variant="default" fullWidth>
            Sign in with single sign-on
          </Button>
        )}
      </form>
    </main>
  );
};
