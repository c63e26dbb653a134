import { Button, Group, Text } from "@mantine/core";
import { Icon } from "./icons.tsx";

export const Undoable = ({ message, undo }: { message: string; undo: () => Promise<void> }) => (
  <Group justify="space-between" wrap="nowrap">
    <Text size="sm">{message}</Text>
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<Icon name="undo" size={14} />}
      onClick={() => void undo()}
    >
      Undo
    </Button>
  </Group>
);
