import { notifications } from "@mantine/notifications";
import { createElement } from "react";
import { Undoable } from "./undoable.tsx";

export const tell = (message: string): void => {
  notifications.show({ message, withBorder: true });
};

export const tellFailure = (error: Error): void => {
  notifications.show({
    title: "That did not work",
    message: error.message,
    color: "red",
    withBorder: true,
    autoClose: 10_000,
  });
};

/** Says what was done, with a button that takes it back. */
export const tellUndoable = (message: string, undo: () => Promise<unknown>): void => {
  const id = notifications.show({
    message: createElement(Undoable, {
      message,
      undo: async () => {
        try {
          await undo();
          notifications.update({ id, message: "Undone", autoClose: 3_000, withBorder: true });
        } catch (error) {
          tellFailure(error as Error);
        }
      },
    }),
    withBorder: true,
    autoClose: 12_000,
  });
};
